/* What pages get at /xterm/ and /xterm-fit/, for tsc. */
export { FitAddon } from "@xterm/addon-fit";
export { Terminal } from "@xterm/xterm";
