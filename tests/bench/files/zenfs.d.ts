/* What the peer uses of ZenFS, which is installed apart from node_modules. */
declare module "@zenfs/core" {
  export function configure(options: unknown): Promise<void>;
  export function umount(path: string): void;
  export const promises: any;
}
declare module "@zenfs/dom" {
  export const IndexedDB: unknown;
}
