/* What libc reaches: the WASI functions by the caller that parks goroutines,
 * over the program's mounts and its standard streams. */
import { ERRNO, ProcExit } from "../errors.js";
import { Namespace } from "../fs/namespace.js";
import { RootVolume } from "../fs/root.js";
import { TYPE } from "../fs/volume.js";
import { OutputStream } from "../io/stdio.js";
import { FDFLAGS } from "../wasi/abi.js";
import { parkImports } from "../wasi/callers/park.js";
import { Context } from "../wasi/context.js";
import { StreamDescriptor } from "../wasi/descriptors.js";
import { wasiFunctions } from "../wasi/functions.js";
import { Lookups } from "../wasi/lookup.js";
import { addPreopens } from "../wasi/preopens.js";
import { spaceImports } from "../wasi/space.js";

/** @typedef {import("../fs/namespace.js").MountOption} MountOption */

/**
 * @param {import("./index.js").Host} host
 * @param {import("../io/stream.js").Stream} stdin
 * @param {object} settings
 * @param {readonly string[]} settings.args
 * @param {Record<string, string>} settings.env
 * @param {Record<string, MountOption>} settings.mounts
 * @param {string} settings.cwd
 */
export function createLibc(host, stdin, { args, env, mounts, cwd }) {
  const { events, platform } = host;
  const context = new Context({
    memory: host.memory,
    namespace: new Namespace(),
    args,
    env,
    now: host.now,
    after(callback, delayMs) {
      const timer = platform.setTimer(callback, delayMs);
      return () => platform.clearTimer(timer);
    },
    exit(code) {
      events.end({ code });
      throw new ProcExit(code);
    },
    report: host.report,
    checkEnded: host.checkEnded,
    block: null,
  });
  const terminal = TYPE.CHARACTER_DEVICE;
  const streams = [
    new StreamDescriptor(stdin, terminal, 0),
    ...[host.stdout, host.stderr].map(
      (output) =>
        new StreamDescriptor(
          new OutputStream(output),
          terminal,
          FDFLAGS.APPEND,
        ),
    ),
  ];
  for (const stream of streams) context.descriptors.add(stream);
  const { preview1, gossamer } = parkImports(
    wasiFunctions(context),
    spaceImports(context, new Lookups(context)),
    context,
    host.ops,
  );
  return {
    context,
    preview1,
    imports: {
      ...gossamer,
      /**
       * @param {number} buf
       * @param {number} size
       */
      cwd: (buf, size) => {
        const length = host.memory.putText(buf, size, cwd);
        return length < 0 ? -ERRNO.EFAULT : length;
      },
    },
    /**
     * Mounts what there is to be mounted, before the program starts.
     * @throws {GossamerError} of a volume that cannot be opened
     */
    async open() {
      const { namespace } = context;
      if (Object.keys(mounts).length === 0) return;
      const root = new RootVolume();
      await namespace.open({ "/": root, ...mounts });
      root.seal();
      // From the root all can be reached, but for what could not be put there.
      const covering = new Set(
        namespace.mounts.flatMap(({ covers }) => [...(covers?.values() ?? [])]),
      );
      await addPreopens(
        context,
        namespace.mounts.filter((mount) => !covering.has(mount)),
      );
    },
    close() {
      for (const descriptor of context.descriptors.clear()) {
        void descriptor.close();
      }
    },
  };
}
