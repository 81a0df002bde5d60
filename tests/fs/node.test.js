/* The node volume: what it has of the host beyond what every volume has
 * (cases.js). Most of it runs twice: with nodes held by descriptors, as on
 * Linux, and by path, as elsewhere. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ERRNO, errnoName } from "../../js/errors.js";
import { errnoFor } from "../../js/fs/node-host.js";
import { node } from "../../js/fs/node.js";
import { MAX_SIZE_BYTES, TYPE, createStat } from "../../js/fs/volume.js";
import { defer } from "../helpers/defer.js";
import {
  BOTH,
  LINUX,
  READ,
  WRITE,
  bothWays,
  done,
  hostDescriptors,
  readText,
  refused,
  setUp,
  statOf,
  utf8,
} from "../helpers/node-volume.js";

bothWays(
  "an opened directory stays itself when it is renamed",
  (t, options) => {
    const { inside, volume, root } = setUp(t, options);
    mkdirSync(join(inside, "a", "b"), { recursive: true });
    const a = done(volume.lookup(root, "a"));
    const b = done(volume.lookup(a, "b"));
    const open = done(volume.openNode(b, READ));
    assert.equal(volume.rename(a, "b", root, "c"), 0);
    done(volume.create(b, "file"));
    assert.deepEqual(readdirSync(join(inside, "c")), ["file"]);
    assert.equal(volume.closeFile(open), 0);
  },
);

bothWays(
  "an opened file outlives its names, and tells of itself",
  (t, options) => {
    const { inside, volume, root } = setUp(t, options);
    writeFileSync(join(inside, "f"), "text");
    const found = done(volume.lookup(root, "f"));
    const file = done(volume.openNode(found, BOTH));
    assert.equal(volume.rename(root, "f", root, "g"), 0);
    assert.equal(statOf(volume, found).links, 1);
    assert.equal(volume.unlink(root, "g"), 0);
    assert.equal(statOf(volume, found).links, 0);
    assert.equal(volume.write(file, 4, utf8("more"), 0, 4), 4);
    assert.equal(readText(volume, file), "textmore");
    assert.equal(volume.setTimes(found, 1_000_000_000n, 2_000_000_000n), 0);
    assert.equal(statOf(volume, found).mtimeNs, 2_000_000_000n);
    assert.equal(volume.closeFile(file), 0);
    refused(volume.stat(found, createStat()), "ENOENT");
  },
);

bothWays(
  "FIFOs, sockets and devices are seen and not opened",
  async (t, options) => {
    const { inside, volume, root } = setUp(t, options);
    execFileSync("mkfifo", [join(inside, "fifo")]);
    const server = createServer();
    defer(t, () => void server.close());
    await new Promise((resolve) => {
      server.listen(join(inside, "socket"), () => resolve(undefined));
    });
    /** @type {Record<string, number>} */
    const types = { fifo: TYPE.UNKNOWN, socket: TYPE.SOCKET_STREAM };
    try {
      execFileSync("mknod", [join(inside, "zero"), "c", "1", "5"], {
        stdio: "ignore",
      });
      types.zero = TYPE.CHARACTER_DEVICE;
    } catch {
      t.diagnostic("no device: making one is not allowed here");
    }
    for (const [name, type] of Object.entries(types)) {
      const found = done(volume.lookup(root, name));
      assert.equal(found.type, type, name);
      for (const access of [READ, WRITE, BOTH]) {
        refused(volume.openNode(found, access), "ENOTSUP");
      }
      assert.equal(volume.rename(root, name, root, "moved"), 0);
      assert.equal(volume.unlink(root, "moved"), 0);
    }
  },
);

bothWays(
  "names that are not UTF-8 are left out, a replacement character is not",
  (t, options) => {
    const { inside, volume, root } = setUp(t, options);
    if (!LINUX) return t.skip("the file system takes no other names");
    for (const name of ["bad-", "real-"]) {
      const path = Buffer.from(`${inside}/${name}x`);
      path[path.length - 1] = 0xff;
      writeFileSync(path, "");
    }
    writeFileSync(join(inside, "real-\ufffd"), "");
    writeFileSync(join(inside, "plain"), "");
    assert.deepEqual(
      done(volume.list(root))
        .map((entry) => entry.name)
        .sort(),
      ["plain", "real-\ufffd"],
    );
    refused(volume.lookup(root, "bad-\ufffd"), "ENOENT");
    symlinkSync(Buffer.from([0xff]), join(inside, "link"));
    refused(volume.readlink(done(volume.lookup(root, "link"))), "EILSEQ");
    return undefined;
  },
);

bothWays(
  "listings tell the inode and type that a lookup tells",
  (t, options) => {
    const { inside, volume, root } = setUp(t, options);
    writeFileSync(join(inside, "file"), "");
    mkdirSync(join(inside, "directory"));
    symlinkSync("nowhere", join(inside, "link"));
    const entries = done(volume.list(root));
    assert.equal(entries.length, 3);
    for (const { name, ino, type } of entries) {
      const found = done(volume.lookup(root, name));
      assert.equal(found.ino, ino);
      assert.equal(found.type, type);
      assert.equal(ino, lstatSync(join(inside, name), { bigint: true }).ino);
    }
  },
);

test("what is mounted below has other inodes, and links across are EXDEV", (t) => {
  const devices = new Set(
    [tmpdir(), "/dev/shm"].map(
      (path) => existsSync(path) && statSync(path).dev,
    ),
  );
  if (!LINUX || devices.size < 2) return t.skip("there are not two devices");
  const volume = node("/");
  assert.equal(volume.open(), 0);
  defer(t, () => volume.close());
  const other = mkdtempSync("/dev/shm/gossamer-node-");
  const own = mkdtempSync(join(tmpdir(), "gossamer-node-"));
  for (const path of [other, own]) {
    defer(t, () => rmSync(path, { recursive: true }));
    writeFileSync(join(path, "f"), "");
  }
  const down = (path) =>
    path
      .split("/")
      .slice(1)
      .reduce((at, name) => done(volume.lookup(at, name)), volume.root);
  const host = statSync(join(other, "f"), { bigint: true });
  const found = down(join(other, "f"));
  const rootDevice = statSync("/", { bigint: true }).dev;
  assert.equal(found.ino === host.ino, host.dev === rootDevice);
  assert.equal(down(join(other, "f")).ino, found.ino);
  assert.equal(statOf(volume, found).ino, found.ino);
  refused(volume.link(found, down(own), "hard"), "EXDEV");
  refused(volume.rename(down(other), "f", down(own), "g"), "EXDEV");
  return undefined;
});

bothWays(
  "read-only: what changes something is EROFS, the rest is not",
  (t, options) => {
    const { inside, root, volume } = setUp(t, { ...options, readOnly: true });
    assert.equal(volume.readOnly, true);
    writeFileSync(join(inside, "f"), "text");
    const found = done(volume.lookup(root, "f"));
    const changes = {
      create: () => volume.create(root, "n"),
      makeDirectory: () => volume.makeDirectory(root, "n"),
      link: () => volume.link(found, root, "n"),
      symlink: () => volume.symlink(root, "n", "f"),
      unlink: () => volume.unlink(root, "f"),
      removeDirectory: () => volume.removeDirectory(root, "f"),
      rename: () => volume.rename(root, "f", root, "n"),
      setTimes: () => volume.setTimes(found, 0n, 0n),
      openNode: () => volume.openNode(found, WRITE),
    };
    for (const [name, change] of Object.entries(changes)) {
      assert.equal(errnoName(Number(change())), "EROFS", name);
    }
    const file = done(volume.openNode(found, READ));
    assert.equal(readText(volume, file), "text");
    refused(volume.write(file, 0, utf8("x"), 0, 1), "EBADF");
    refused(volume.write(file, -1, utf8("x"), 0, 1), "EBADF");
    refused(volume.allocate(file, 0, 100), "EBADF");
    assert.ok(Number(volume.resize(file, 0)) < 0);
    volume.closeFile(file);
    assert.deepEqual(readdirSync(inside), ["f"]);
    assert.equal(readFileSync(join(inside, "f"), "utf8"), "text");
  },
);

bothWays(
  "times are kept to within a microsecond, and one alone leaves the other",
  (t, options) => {
    const { inside, volume, root } = setUp(t, options);
    writeFileSync(join(inside, "f"), "");
    symlinkSync("f", join(inside, "link"));
    mkdirSync(join(inside, "d"));
    for (const name of ["f", "link", "d"]) {
      const found = done(volume.lookup(root, name));
      for (const time of [
        0n,
        1000n,
        1_234_567_890_000_001_000n,
        1_700_000_000_999_999_000n,
        4_000_000_000_000_001_000n,
      ]) {
        assert.equal(volume.setTimes(found, time, time + 1000n), 0);
        const stat = statOf(volume, found);
        const near = (a, b) => a - b < 1000n && b - a < 1000n;
        assert.ok(
          near(stat.atimeNs, time),
          `${name}: ${stat.atimeNs} for ${time}`,
        );
        assert.ok(near(stat.mtimeNs, time + 1000n), `${stat.mtimeNs}`);
      }
      assert.equal(volume.setTimes(found, 5_000_000_000n, 6_000_000_000n), 0);
      assert.equal(volume.setTimes(found, null, 7_000_000_000n), 0);
      assert.equal(statOf(volume, found).atimeNs, 5_000_000_000n);
      assert.equal(volume.setTimes(found, 8_000_000_000n, null), 0);
      assert.equal(statOf(volume, found).mtimeNs, 7_000_000_000n);
      assert.equal(volume.setTimes(found, null, null), 0);
    }
    assert.equal(lstatSync(join(inside, "link")).mtimeMs, 7000);
  },
);

bothWays("times that were not set are told in nanoseconds", (t, options) => {
  const { inside, volume, root } = setUp(t, options);
  writeFileSync(join(inside, "f"), "");
  const host = lstatSync(join(inside, "f"), { bigint: true });
  const stat = statOf(volume, done(volume.lookup(root, "f")));
  assert.equal(stat.mtimeNs, host.mtimeNs);
  assert.equal(stat.ctimeNs, host.ctimeNs);
});

bothWays(
  "appending goes to the end, wherever others have moved it",
  (t, options) => {
    const { inside, volume, root } = setUp(t, options);
    writeFileSync(join(inside, "f"), "one");
    const file = done(volume.openNode(done(volume.lookup(root, "f")), WRITE));
    assert.equal(volume.write(file, -1, utf8("two"), 0, 3), 3);
    writeFileSync(join(inside, "f"), "others", { flag: "a" });
    assert.equal(volume.write(file, -1, utf8("-three-"), 1, 5), 5);
    truncateSync(join(inside, "f"), 3);
    assert.equal(volume.write(file, -1, utf8("!"), 0, 1), 1);
    assert.equal(volume.size(file), 4);
    assert.equal(volume.closeFile(file), 0);
    assert.equal(readFileSync(join(inside, "f"), "utf8"), "one!");
  },
);

bothWays("what is written at an offset is not appended", (t, options) => {
  const { inside, volume, root } = setUp(t, options);
  writeFileSync(join(inside, "f"), "0123456789");
  const file = done(volume.openNode(done(volume.lookup(root, "f")), BOTH));
  assert.equal(volume.write(file, -1, utf8("a"), 0, 1), 1);
  assert.equal(volume.write(file, 2, utf8("xyz"), 1, 2), 2);
  assert.equal(readText(volume, file), "01yz456789a");
  volume.closeFile(file);
});

bothWays("positions reach to 2^53-1", (t, options) => {
  const { volume, root } = setUp(t, options);
  const file = done(volume.openNode(done(volume.create(root, "f")), BOTH));
  const far = 5 * 2 ** 30 + 3;
  assert.equal(volume.write(file, far, utf8("far"), 0, 3), 3);
  assert.equal(volume.size(file), far + 3);
  assert.equal(readText(volume, file, far), "far");
  assert.equal(readText(volume, file, far - 1), "\0far");
  assert.equal(readText(volume, file, MAX_SIZE_BYTES), "");
  assert.equal(readText(volume, file, MAX_SIZE_BYTES - 1), "");
  refused(volume.write(file, MAX_SIZE_BYTES, utf8("x"), 0, 1), "EFBIG");
  // What the file system does not take is an errno, and nothing is written.
  const put = Number(volume.write(file, MAX_SIZE_BYTES - 1, utf8("x"), 0, 1));
  assert.ok(put === 1 || errnoName(put) === "EFBIG", errnoName(put));
  assert.equal(volume.resize(file, 0), 0);
  assert.equal(volume.size(file), 0);
  volume.closeFile(file);
});

test("no file is longer than 2^53-1, whatever the host takes", (t) => {
  if (!existsSync("/dev/shm")) return t.skip("there is no /dev/shm");
  const base = mkdtempSync("/dev/shm/gossamer-node-");
  defer(t, () => rmSync(base, { recursive: true }));
  const volume = node(base);
  assert.equal(volume.open(), 0);
  defer(t, () => volume.close());
  const found = done(volume.create(volume.root, "f"));
  const file = done(volume.openNode(found, BOTH));
  const last = MAX_SIZE_BYTES - 1;
  assert.equal(volume.write(file, last, utf8("x"), 0, 1), 1);
  assert.equal(volume.size(file), MAX_SIZE_BYTES);
  assert.equal(readText(volume, file, last), "x");
  refused(volume.write(file, last, utf8("xy"), 0, 2), "EFBIG");
  refused(volume.write(file, MAX_SIZE_BYTES, utf8("x"), 0, 1), "EFBIG");
  assert.equal(statOf(volume, found).sizeBytes, MAX_SIZE_BYTES);
  volume.closeFile(file);
  return undefined;
});

bothWays("bytes go to and from memory above 2 GiB", (t, options) => {
  const { volume, root } = setUp(t, options);
  const pages = (2 ** 31 + 2 ** 20) / 65536;
  const bytes = new Uint8Array(
    new WebAssembly.Memory({ initial: pages }).buffer,
  );
  const at = 2 ** 31 + 17;
  bytes.set(utf8("high"), at);
  const file = done(volume.openNode(done(volume.create(root, "f")), BOTH));
  assert.equal(volume.write(file, 0, bytes, at, 4), 4);
  assert.equal(volume.read(file, 1, bytes, at + 100, 100), 3);
  assert.equal(
    new TextDecoder().decode(bytes.slice(at + 100, at + 104)),
    "igh\0",
  );
  volume.closeFile(file);
});

bothWays("allocating makes room and keeps what is there", (t, options) => {
  const { inside, volume, root } = setUp(t, options);
  const file = done(volume.openNode(done(volume.create(root, "f")), BOTH));
  const path = join(inside, "f");
  assert.equal(volume.write(file, 0, utf8("text"), 0, 4), 4);
  assert.equal(volume.allocate(file, 0, 2), 0);
  assert.equal(volume.size(file), 4);
  assert.equal(volume.allocate(file, 0, 100_000), 0);
  assert.equal(volume.size(file), 100_000);
  assert.ok(statSync(path).blocks * 512 >= 100_000);
  assert.equal(volume.resize(file, 300_000), 0);
  assert.equal(volume.write(file, 204_800, utf8("mid"), 0, 3), 3);
  assert.equal(volume.allocate(file, 90_000, 310_000), 0);
  assert.equal(volume.size(file), 400_000);
  assert.ok(statSync(path).blocks * 512 >= 400_000, "the gap has room as well");
  const content = readFileSync(path);
  assert.equal(content.subarray(0, 4).toString(), "text");
  assert.equal(content.subarray(204_800, 204_803).toString(), "mid");
  assert.equal(content.filter((byte) => byte !== 0).length, 7);
  // More than any disk has is told before anything is written.
  refused(volume.allocate(file, 0, MAX_SIZE_BYTES), "ENOSPC");
  assert.equal(volume.size(file), 400_000);
  volume.closeFile(file);
});

bothWays("files and directories are synced", (t, options) => {
  const { inside, volume, root } = setUp(t, options);
  mkdirSync(join(inside, "d"));
  const file = done(volume.openNode(done(volume.create(root, "f")), BOTH));
  const directory = done(volume.openNode(done(volume.lookup(root, "d")), READ));
  for (const opened of [file, directory]) {
    assert.equal(volume.sync(opened, false), 0);
    assert.equal(volume.sync(opened, true), 0);
    assert.equal(volume.closeFile(opened), 0);
  }
  refused(volume.sync(file, false), "EBADF");
});

test("no descriptor of the host is left", (t) => {
  if (!LINUX) return t.skip("/proc/self/fd is Linux's");
  for (const options of [{}, { byPath: true }]) {
    const before = hostDescriptors();
    const base = mkdtempSync(join(tmpdir(), "gossamer-node-"));
    defer(t, () => rmSync(base, { recursive: true }));
    const volume = node(base, options);
    assert.equal(volume.open(), 0);
    assert.equal(volume.open(), 0);
    let at = volume.root;
    const path = [];
    for (let depth = 0; depth < 100; depth++) {
      at = done(volume.makeDirectory(at, `d${depth}`));
      path.push(at);
    }
    assert.ok(hostDescriptors() <= before + 40, "few are kept to be faster");
    // Those that were let go of are found again.
    for (const directory of path) {
      const found = done(volume.create(directory, "f"));
      const file = done(volume.openNode(found, BOTH));
      assert.equal(volume.write(file, -1, utf8("x"), 0, 1), 1);
      assert.equal(volume.closeFile(file), 0);
      const opened = done(volume.openNode(directory, READ));
      const again = done(volume.openNode(directory, READ));
      assert.equal(volume.closeFile(opened), 0);
      assert.equal(
        volume.list(directory).some((entry) => entry.name === "f"),
        true,
      );
      assert.equal(volume.closeFile(again), 0);
    }
    assert.ok(hostDescriptors() <= before + 40);
    const found = done(volume.create(at, "g"));
    const few = hostDescriptors();
    const alone = done(volume.openNode(found, READ));
    if (!("byPath" in options)) assert.equal(hostDescriptors(), few);
    assert.equal(volume.closeFile(alone), 0);
    const late = done(volume.openNode(path[50], READ));
    volume.close();
    assert.equal(volume.closeFile(late), 0);
    refused(volume.lookup(at, "f"), "EBADF");
    assert.equal(hostDescriptors(), before);
  }
  return undefined;
});

test("a file that was looked at gives its room back when it is unlinked", (t) => {
  if (!LINUX) return t.skip("/proc/self/fd is Linux's");
  const { inside, volume, root } = setUp(t);
  const nameless = () =>
    readdirSync("/proc/self/fd").filter((fd) => {
      const path = `/proc/self/fd/${fd}`;
      return existsSync(path) && statSync(path).nlink === 0;
    }).length;
  const before = nameless();
  writeFileSync(join(inside, "big"), "x");
  done(volume.lookup(root, "big"));
  assert.equal(volume.unlink(root, "big"), 0);
  assert.equal(nameless(), before);
  return undefined;
});

test("when the host has no descriptors left, those kept to be faster go", (t) => {
  if (!LINUX) return t.skip("limits are set by a shell");
  const { inside } = setUp(t);
  const program = `
    import { openSync, closeSync } from "node:fs";
    import { node } from ${JSON.stringify(new URL("../../js/fs/node.js", import.meta.url))};
    const volume = node(${JSON.stringify(inside)});
    volume.open();
    for (let i = 0; i < 20; i++) volume.makeDirectory(volume.root, "d" + i);
    const taken = [];
    try { for (;;) taken.push(openSync("/dev/null")); } catch {}
    const made = volume.create(volume.root, "f");
    const found = volume.lookup(volume.root, "d3");
    try { for (;;) taken.push(openSync("/dev/null")); } catch {}
    volume.lookup(volume.root, "d1");
    try { for (;;) taken.push(openSync("/dev/null")); } catch {}
    console.log(typeof made, typeof found);`;
  const text = execFileSync(
    "sh",
    [
      "-c",
      'ulimit -n 80; exec "$@"',
      "sh",
      process.execPath,
      "--input-type=module",
      "-e",
      program,
    ],
    { encoding: "utf8" },
  );
  assert.equal(text, "object object\n");
  return undefined;
});

test("every error of the host has a number, and an unknown one is EIO", () => {
  const said = (code) =>
    errnoName(errnoFor(Object.assign(new Error(), { code })));
  for (const code of [
    "EACCES",
    "EBUSY",
    "EDQUOT",
    "EFBIG",
    "ELOOP",
    "EMLINK",
    "ENAMETOOLONG",
    "ENFILE",
    "ENOSPC",
    "EPERM",
    "EROFS",
    "ETXTBSY",
    "EXDEV",
  ]) {
    assert.equal(said(code), code);
  }
  assert.equal(said("EOPNOTSUPP"), "ENOTSUP");
  assert.equal(said("ECHARSET"), "EILSEQ");
  assert.equal(said("ERR_INVALID_ARG_VALUE"), "EINVAL");
  assert.equal(said("UNKNOWN"), "EIO");
  assert.equal(said(5), "EIO");
  assert.equal(errnoFor(null), ERRNO.EIO);
  assert.equal(errnoFor("text"), ERRNO.EIO);
  assert.equal(said("toString"), "EIO");
});

bothWays("errors are POSIX's", (t, options) => {
  const { inside, volume, root } = setUp(t, options);
  mkdirSync(join(inside, "d", "e"), { recursive: true });
  writeFileSync(join(inside, "f"), "");
  const d = done(volume.lookup(root, "d"));
  const f = done(volume.lookup(root, "f"));
  refused(volume.lookup(root, "n"), "ENOENT");
  refused(volume.lookup(f, "n"), "ENOTDIR");
  refused(volume.lookup(root, "n".repeat(256)), "ENAMETOOLONG");
  refused(volume.create(root, "f"), "EEXIST");
  refused(volume.makeDirectory(root, "d"), "EEXIST");
  refused(volume.symlink(root, "f", "x"), "EEXIST");
  refused(volume.symlink(root, "n", "a\0b"), "EINVAL");
  refused(volume.link(f, root, "d"), "EEXIST");
  refused(volume.link(d, root, "n"), "EPERM");
  refused(volume.unlink(root, "d"), "EISDIR");
  refused(volume.unlink(root, "n"), "ENOENT");
  refused(volume.removeDirectory(root, "f"), "ENOTDIR");
  refused(volume.removeDirectory(root, "d"), "ENOTEMPTY");
  refused(volume.rename(root, "n", root, "m"), "ENOENT");
  refused(volume.rename(root, "d", root, "f"), "ENOTDIR");
  refused(volume.rename(root, "f", root, "d"), "EISDIR");
  refused(volume.rename(root, "d", d, "x"), "EINVAL");
  refused(volume.readlink(f), "EINVAL");
  refused(volume.openNode(d, WRITE), "EISDIR");
  refused(volume.openNode(root, BOTH), "EISDIR");
  const e = done(volume.lookup(d, "e"));
  const open = done(volume.openNode(e, READ));
  assert.equal(volume.removeDirectory(d, "e"), 0);
  refused(volume.create(e, "n"), "ENOENT");
  volume.closeFile(open);
});
