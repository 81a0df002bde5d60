/* What libc reaches: the WASI functions by the caller that parks goroutines,
 * over the program's mounts and its standard streams. */
import { ProcExit } from "../errors.js";
import { Namespace } from "../fs/namespace.js";
import { TYPE } from "../fs/volume.js";
import { OutputStream } from "../io/stdio.js";
import { FDFLAGS } from "../wasi/abi.js";
import { parkImports } from "../wasi/callers/park.js";
import { Context } from "../wasi/context.js";
import { StreamDescriptor } from "../wasi/descriptors.js";
import { wasiFunctions } from "../wasi/functions.js";

/**
 * @param {import("./index.js").Host} host
 * @param {import("../io/stream.js").Stream} stdin
 * @param {{ args: readonly string[], env: Record<string, string> }} settings
 */
export function createLibc(host, stdin, { args, env }) {
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
    context,
    host.ops,
  );
  return {
    context,
    preview1,
    imports: gossamer,
    close() {
      for (const descriptor of context.descriptors.clear()) {
        void descriptor.close();
      }
    },
  };
}
