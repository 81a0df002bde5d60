/* For `node --import`: a clock that goes 3 ms further each time it is read, so
 * that every other look finds the time slice over. */
const real = performance.now.bind(performance);
let ahead_ms = 0;
performance.now = () => real() + (ahead_ms += 3);
