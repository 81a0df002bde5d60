/* Signals: the platform is listened to for what the program asked for and for
 * nothing else; goroutines run before a listener returns, for a page that is
 * left or frozen gives no later turn. Bits as in src/include/gossamer/signal.h. */
import { GossamerError } from "../errors.js";
import { u32 } from "../memory.js";

/** The names of what a platform may report, and their bits. */
export const SIGNALS = Object.freeze({
  hidden: 1 << 0,
  visible: 1 << 1,
  freeze: 1 << 2,
  resume: 1 << 3,
  pagehide: 1 << 4,
  pageshow: 1 << 5,
  online: 1 << 6,
  offline: 1 << 7,
  SIGINT: 1 << 8,
  SIGTERM: 1 << 9,
});

/** @typedef {keyof typeof SIGNALS} SignalName */

const NAMES = /** @type {SignalName[]} */ (Object.keys(SIGNALS));
/** The program's own, by number. */
const USER_SIGNALS = 16;
const USER_SHIFT = 16;

/** @param {unknown} signal */
function bitOf(signal) {
  const number = Number.isInteger(signal) ? Number(signal) : -1;
  if (number >= 0 && number < USER_SIGNALS) return 1 << (USER_SHIFT + number);
  const name = NAMES.find((known) => known === signal);
  if (name !== undefined) return SIGNALS[name];
  throw new GossamerError(
    "EINVAL",
    `signal(): there is no signal ${JSON.stringify(signal) ?? signal}; ` +
      `there are: 0 to ${USER_SIGNALS - 1}, ${NAMES.join(", ")}`,
  );
}

/** @param {import("./index.js").Host} host */
export function createSignals(host) {
  const { events, platform } = host;
  /** How to stop listening, by name. */
  /** @type {Map<SignalName, () => void>} */
  const watched = new Map();
  let wanted = 0;

  /**
   * @param {number} bit
   * @param {number} value
   */
  function deliver(bit, value) {
    if ((wanted & bit) === 0) return;
    events.enter(() => host.exports.gs_signal_event(bit, value));
  }

  /**
   * @param {number} bit
   * @param {number} value
   */
  function reported(bit, value) {
    if (events.inside) {
      // The page's script sent the event while the program was calling it.
      platform.microtask(() => reported(bit, value));
      return;
    }
    deliver(bit, value);
    events.pumpNow();
  }

  /** @param {number} signals */
  function watch(signals) {
    wanted = signals;
    for (const name of NAMES) {
      const bit = SIGNALS[name];
      const stop = watched.get(name);
      if ((wanted & bit) === 0) {
        watched.delete(name);
        stop?.();
      } else if (stop === undefined) {
        const run = (/** @type {number} */ value) => reported(bit, value);
        watched.set(name, platform.watchSignal(name, run));
      }
    }
  }

  return {
    imports: {
      /** @param {number} signals */
      signal_watch: (signals) => watch(u32(signals)),

      signal_state() {
        const { hidden, offline } = platform.signalState();
        return (
          (hidden ? SIGNALS.hidden : SIGNALS.visible) |
          (offline ? SIGNALS.offline : SIGNALS.online)
        );
      },
    },

    /**
     * Sends a signal to the program, as app.signal() does.
     * @param {unknown} signal
     * @param {unknown} value
     * @returns {boolean} whether the program listens for it
     */
    send(signal, value) {
      const bit = bitOf(signal);
      if (typeof value !== "number" || (value | 0) !== value) {
        const text = `signal(): the value must be an integer of 32 bits`;
        throw new GossamerError("EINVAL", `${text}, got ${String(value)}`);
      }
      if (events.ended || (wanted & bit) === 0) return false;
      if (events.inside) {
        platform.microtask(() => {
          deliver(bit, value);
          events.wake();
        });
      } else {
        deliver(bit, value);
        events.wake();
      }
      return true;
    },

    close: () => watch(0),
  };
}
