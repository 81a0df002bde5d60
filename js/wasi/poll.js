/* poll_oneoff: waits for any mix of clocks and descriptors. All that is ready
 * is told at once, in the order of the subscriptions. While it waits there is
 * one timer and one watch for each stream, and nothing when it does not. */
import { ERRNO } from "../errors.js";
import { SIDE } from "../io/stream.js";
import { u32 } from "../memory.js";
import {
  CLOCK,
  EVENTRWFLAGS_HANGUP,
  EVENTTYPE,
  EVENT_BYTES,
  RIGHTS,
  SUBCLOCKFLAGS_ABSTIME,
  SUBSCRIPTION_BYTES,
} from "./abi.js";
import { Clocks } from "./clock.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./descriptors.js").Descriptor} Descriptor
 * @typedef {import("./descriptors.js").StreamDescriptor} StreamDescriptor
 * @typedef {import("./wait.js").Result} Result
 *
 * One subscription, as it was when the call began.
 * @typedef {object} Subscription
 * @property {number} userLow `userdata`, in two halves
 * @property {number} userHigh
 * @property {number} type one of EVENTTYPE
 * @property {number} error what is known to be wrong with it
 * @property {number} clock whose time the deadline is
 * @property {bigint} deadlineNs
 * @property {Descriptor | null} descriptor
 */

/** Two for each descriptor that there can be. */
const MAX_SUBSCRIPTIONS = 1 << 17;
const NS_PER_MS = 1_000_000;
/** Timers take no longer delays. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** A clock that is set, or stood still with the machine, is seen by then. */
const MAX_DAY_DELAY_MS = 60_000;
/** How much can be written to a file is not known; this is done at once. */
const FILE_ROOM_BYTES = 65_536;

/** @param {Context} context */
export function pollImports(context) {
  const { memory, descriptors, waits, after, block } = context;
  const clocks = new Clocks(context.now);

  /** @param {number} type */
  const sideOf = (type) =>
    type === EVENTTYPE.FD_READ ? SIDE.READ : SIDE.WRITE;

  /**
   * @param {Subscription} subscription its clock is set here
   * @param {number} at
   */
  function readClock(subscription, at) {
    const { view } = memory;
    const id = view.getUint32(at + 16, true);
    const timeoutNs = view.getBigUint64(at + 24, true);
    const flags = view.getUint16(at + 40, true);
    if (id > CLOCK.THREAD_CPUTIME || (flags & ~SUBCLOCKFLAGS_ABSTIME) !== 0) {
      subscription.error = ERRNO.EINVAL;
    } else if (id > CLOCK.MONOTONIC) {
      // Nobody can wait for a clock that stands still while it does.
      subscription.error = ERRNO.ENOTSUP;
    } else if ((flags & SUBCLOCKFLAGS_ABSTIME) !== 0) {
      subscription.clock = id;
      subscription.deadlineNs = timeoutNs;
    } else {
      // A span is as long when the time of day is set meanwhile.
      const nowNs = clocks.nowNs(CLOCK.MONOTONIC) ?? 0n;
      subscription.clock = CLOCK.MONOTONIC;
      subscription.deadlineNs = nowNs + timeoutNs;
    }
  }

  /**
   * @param {Subscription} subscription its descriptor is set here
   * @param {number} fd
   */
  function readDescriptor(subscription, fd) {
    const descriptor = descriptors.get(fd);
    subscription.descriptor = descriptor;
    if (descriptor === null) {
      subscription.error = ERRNO.EBADF;
      return;
    }
    const { rights, kind } = descriptor;
    let right =
      subscription.type === EVENTTYPE.FD_READ
        ? RIGHTS.FD_READ | RIGHTS.SOCK_ACCEPT
        : RIGHTS.FD_WRITE;
    // A directory has neither; it is never in the way.
    if (kind === "directory") right = RIGHTS.POLL_FD_READWRITE;
    if ((rights & RIGHTS.POLL_FD_READWRITE) === 0 || (rights & right) === 0) {
      subscription.error = ERRNO.ENOTCAPABLE;
    }
  }

  /**
   * @param {number} table
   * @param {number} count
   * @returns {Subscription[] | null} null for one of an unknown type
   */
  function readSubscriptions(table, count) {
    const { view } = memory;
    /** @type {Subscription[]} */
    const subscriptions = [];
    for (let index = 0; index < count; index++) {
      const at = table + index * SUBSCRIPTION_BYTES;
      const subscription = {
        userLow: view.getUint32(at, true),
        userHigh: view.getUint32(at + 4, true),
        type: view.getUint8(at + 8),
        error: 0,
        clock: CLOCK.MONOTONIC,
        deadlineNs: 0n,
        descriptor: null,
      };
      if (subscription.type > EVENTTYPE.FD_WRITE) return null;
      if (subscription.type === EVENTTYPE.CLOCK) readClock(subscription, at);
      else readDescriptor(subscription, view.getUint32(at + 16, true));
      subscriptions.push(subscription);
    }
    return subscriptions;
  }

  /**
   * As Stream.ready(), for any descriptor.
   * @param {Descriptor} descriptor
   * @param {number} side
   */
  function readyOf(descriptor, side) {
    if (descriptor.closed) return -ERRNO.EBADF;
    switch (descriptor.kind) {
      case "directory":
        return 0;
      case "file": {
        if (side === SIDE.WRITE) return FILE_ROOM_BYTES;
        const { file, place, position } = descriptor;
        const size = place.mount.volume.size(file);
        return size < 0 ? size : Math.max(size - position, 0);
      }
      default: {
        const { stream } = descriptor;
        const ready = stream.ready(side);
        if (ready !== -ERRNO.EAGAIN || side === SIDE.WRITE) return ready;
        // To poll is to ask for it, even for one who does not wait.
        stream.demand();
        return stream.ready(side);
      }
    }
  }

  /**
   * Writes the event of a subscription that is ready.
   * @param {Subscription} subscription
   * @param {number} at where in memory
   * @returns {boolean} whether it is
   */
  function tell(subscription, at) {
    const { type, descriptor } = subscription;
    let { error } = subscription;
    let size = 0;
    let flags = 0;
    if (error === 0 && type === EVENTTYPE.CLOCK) {
      const nowNs = clocks.nowNs(subscription.clock) ?? 0n;
      if (nowNs < subscription.deadlineNs) return false;
    } else if (error === 0 && descriptor !== null) {
      const side = sideOf(type);
      const ready = readyOf(descriptor, side);
      if (ready === -ERRNO.EAGAIN) return false;
      error = ready < 0 ? -ready : 0;
      size = ready < 0 ? 0 : ready;
      if (descriptor.kind === "stream" && descriptor.stream.hungUp(side)) {
        flags = EVENTRWFLAGS_HANGUP;
      }
    }
    const { bytes, view } = memory;
    bytes.fill(0, at, at + EVENT_BYTES);
    view.setUint32(at, subscription.userLow, true);
    view.setUint32(at + 4, subscription.userHigh, true);
    view.setUint16(at + 8, error, true);
    view.setUint8(at + 10, type);
    view.setBigUint64(at + 16, BigInt(size), true);
    view.setUint16(at + 24, flags, true);
    return true;
  }

  /**
   * Until the next deadline, or a part of it.
   * @param {Subscription[]} subscriptions none of which is ready
   * @returns {number} Infinity when there is no clock
   */
  function delayMs(subscriptions) {
    let least = Infinity;
    for (const { type, clock, deadlineNs } of subscriptions) {
      if (type !== EVENTTYPE.CLOCK) continue;
      const restNs = Number(deadlineNs - (clocks.nowNs(clock) ?? 0n));
      const limit = clock === CLOCK.REALTIME ? MAX_DAY_DELAY_MS : MAX_DELAY_MS;
      // Up: a timer that is early by a part of a millisecond is for nothing.
      const ms = Math.min(Math.max(Math.ceil(restNs / NS_PER_MS), 0), limit);
      least = Math.min(least, ms);
    }
    return least;
  }

  /**
   * @param {Subscription[]} subscriptions
   * @param {() => void} wake
   * @returns {() => void} ends it all
   */
  function watch(subscriptions, wake) {
    const ends = subscriptions.flatMap(({ type, descriptor }) =>
      descriptor?.kind === "stream"
        ? [descriptor.stream.watch(sideOf(type), wake)]
        : [],
    );
    const delay = delayMs(subscriptions);
    if (delay < Infinity) ends.push(after(wake, delay));
    return () => {
      for (const end of ends) end();
      ends.length = 0;
    };
  }

  /**
   * @param {Subscription[]} subscriptions
   * @param {number} events
   * @param {number} result
   * @returns {Result}
   */
  function poll(subscriptions, events, result) {
    for (;;) {
      let count = 0;
      for (const subscription of subscriptions) {
        if (tell(subscription, events + count * EVENT_BYTES)) count++;
      }
      if (count > 0) {
        memory.putU32(result, count);
        return 0;
      }
      if (block === null) break;
      // While the thread stands still, nothing comes but the time.
      const delay = delayMs(subscriptions);
      if (delay === Infinity) return ERRNO.EAGAIN;
      block(delay);
    }
    let end = () => {};
    return waits.until(
      (wake) => {
        end = watch(subscriptions, wake);
        return end;
      },
      () => {
        end();
        return poll(subscriptions, events, result);
      },
    );
  }

  return {
    /**
     * May wait. A subscription that is wrong is told by an event of its own.
     * @param {number} subscriptionsPointer
     * @param {number} eventsPointer room for as many; may overlap
     * @param {number} count
     * @param {number} resultPointer
     * @returns {Result}
     */
    poll_oneoff(subscriptionsPointer, eventsPointer, count, resultPointer) {
      const table = u32(subscriptionsPointer);
      const events = u32(eventsPointer);
      const number = u32(count);
      const result = u32(resultPointer);
      if (number === 0) return ERRNO.EINVAL;
      if (
        !memory.contains(table, number * SUBSCRIPTION_BYTES) ||
        !memory.contains(events, number * EVENT_BYTES) ||
        !memory.contains(result, 4)
      ) {
        return ERRNO.EFAULT;
      }
      if (number > MAX_SUBSCRIPTIONS) return ERRNO.EINVAL;
      const subscriptions = readSubscriptions(table, number);
      if (subscriptions === null) return ERRNO.EINVAL;
      return poll(subscriptions, events, result);
    },
  };
}
