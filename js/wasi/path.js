/* What is done to names and to what they name: path_* but path_open, which is
 * in open.js. All resolve paths by lookup.js and check everything that can be
 * wrong with a call before anything is changed. */
import { ERRNO, errnoOf } from "../errors.js";
import { ESCAPE, END, readText } from "../fs/paths.js";
import { TYPE, createStat } from "../fs/volume.js";
import { MODE } from "../fs/walk.js";
import { u32 } from "../memory.js";
import { FILESTAT_BYTES, RIGHTS } from "./abi.js";
import { mayChange, readMode } from "./lookup.js";
import { readTimes, writeStat } from "./stat.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./lookup.js").Lookups} Lookups
 * @typedef {import("./wait.js").Result} Result
 * @typedef {import("../fs/walk.js").Walk} Walk
 */

/**
 * Why nothing can be made under a name.
 * @param {Walk} walk by MODE.PARENT
 * @returns {number} an errno, or 0
 */
function newNameError({ name, node, end }) {
  if (name === "") return ERRNO.EEXIST;
  if (end === END.NAME) return node === null ? 0 : ERRNO.EEXIST;
  // Only a directory can have a slash after its name.
  if (node === null) return ERRNO.ENOENT;
  return node.type === TYPE.DIRECTORY ? ERRNO.EEXIST : ERRNO.ENOTDIR;
}

/**
 * Why a name cannot be renamed, or replaced by another that is.
 * @param {Walk} walk by MODE.PARENT or MODE.LOOK
 * @returns {number} an errno, or 0
 */
function renameError({ name, mount, parentMount }) {
  if (name === "") return ERRNO.EINVAL;
  return mount === parentMount ? 0 : ERRNO.EBUSY;
}

/**
 * Why a name is not taken away where nothing may be changed.
 * @param {Walk} walk by MODE.PARENT, which looks names up on read-only mounts
 */
function keptError({ node, parentMount }) {
  return parentMount.readOnly && node === null ? ERRNO.ENOENT : ERRNO.EROFS;
}

/**
 * @param {Context} context
 * @param {Lookups} lookups
 */
export function pathImports({ memory, waits }, lookups) {
  /** A stat for a call to fill in; a call that waits has it for itself. */
  /** @type {import("../fs/volume.js").Stat | null} */
  let spareStat = createStat();

  return {
    /**
     * @param {number} fd
     * @param {number} pointer
     * @param {number} size
     * @returns {Result}
     */
    path_create_directory(fd, pointer, size) {
      const right = RIGHTS.PATH_CREATE_DIRECTORY;
      return lookups.change(fd, right, pointer, size, (walk, allowed) => {
        const { name, node, parent, parentMount } = walk;
        // Here, a slash may follow the name of what is not there yet.
        if (name === "" || node !== null) return ERRNO.EEXIST;
        if (!allowed) return ERRNO.EROFS;
        const answer = parentMount.volume.makeDirectory(parent, name);
        return waits.then(answer, (made) =>
          typeof made === "number" ? errnoOf(made) : 0,
        );
      });
    },

    /**
     * @param {number} fd
     * @param {number} flags
     * @param {number} pointer
     * @param {number} size
     * @param {number} result
     * @returns {Result}
     */
    path_filestat_get(fd, flags, pointer, size, result) {
      const directory = lookups.directory(fd, RIGHTS.PATH_FILESTAT_GET);
      if (typeof directory === "number") return directory;
      const at = u32(result);
      if (!memory.contains(at, FILESTAT_BYTES)) return ERRNO.EFAULT;
      const mode = readMode(flags);
      if (mode < 0) return -mode;
      const path = lookups.path(pointer, size);
      if (typeof path === "number") return -path;
      return lookups.walk(directory, path, mode, (error, { mount, node }) => {
        if (error < 0) return -error;
        if (node === null) return ERRNO.ENOENT;
        const stat = spareStat ?? createStat();
        spareStat = null;
        return waits.then(mount.volume.stat(node, stat), (answer) => {
          spareStat = stat;
          if (answer < 0) return -answer;
          if (!memory.contains(at, FILESTAT_BYTES)) return ERRNO.EFAULT;
          return writeStat(memory, at, mount.device, stat);
        });
      });
    },

    /**
     * @param {number} fd
     * @param {number} flags
     * @param {number} pointer
     * @param {number} size
     * @param {bigint} atimeNs
     * @param {bigint} mtimeNs
     * @param {number} timeFlags
     * @returns {Result}
     */
    path_filestat_set_times(
      fd,
      flags,
      pointer,
      size,
      atimeNs,
      mtimeNs,
      timeFlags,
    ) {
      const right = RIGHTS.PATH_FILESTAT_SET_TIMES;
      const directory = lookups.directory(fd, right);
      if (typeof directory === "number") return directory;
      const mode = readMode(flags);
      if (mode < 0) return -mode;
      const times = readTimes(atimeNs, mtimeNs, timeFlags);
      if (times === null) return ERRNO.EINVAL;
      const path = lookups.path(pointer, size);
      if (typeof path === "number") return -path;
      return lookups.walk(directory, path, mode, (error, walk) => {
        if (error < 0) return -error;
        const { mount, node } = walk;
        if (node === null) return ERRNO.ENOENT;
        const allowed = (directory.rights & right) !== 0 && !mount.readOnly;
        if (!allowed) return ERRNO.EROFS;
        const { volume } = mount;
        const answer = volume.setTimes(node, times.atimeNs, times.mtimeNs);
        return waits.then(answer, errnoOf);
      });
    },

    /**
     * A read-only mount gives no names to link: by another mount of the same
     * volume, they would be names that can be written to.
     * @param {number} oldFd
     * @param {number} flags
     * @param {number} oldPointer
     * @param {number} oldSize
     * @param {number} newFd
     * @param {number} newPointer
     * @param {number} newSize
     * @returns {Result}
     */
    path_link(oldFd, flags, oldPointer, oldSize, newFd, newPointer, newSize) {
      const oldDirectory = lookups.directory(oldFd, RIGHTS.PATH_LINK_SOURCE);
      if (typeof oldDirectory === "number") return oldDirectory;
      const newDirectory = lookups.directory(newFd, RIGHTS.PATH_LINK_TARGET);
      if (typeof newDirectory === "number") return newDirectory;
      const mode = readMode(flags);
      if (mode < 0) return -mode;
      const oldPath = lookups.path(oldPointer, oldSize);
      if (typeof oldPath === "number") return -oldPath;
      const newPath = lookups.path(newPointer, newSize);
      if (typeof newPath === "number") return -newPath;
      return lookups.walk(oldDirectory, oldPath, mode, (oldError, from) => {
        if (oldError < 0) return -oldError;
        const { node, mount } = from;
        if (node === null) return ERRNO.ENOENT;
        const gives = mayChange(oldDirectory, RIGHTS.PATH_LINK_SOURCE, from);
        return lookups.walk(newDirectory, newPath, MODE.PARENT, (error, to) => {
          if (error < 0) return -error;
          const wrong = newNameError(to);
          if (wrong !== 0) return wrong;
          if (node.type === TYPE.DIRECTORY) return ERRNO.EPERM;
          const takes = mayChange(newDirectory, RIGHTS.PATH_LINK_TARGET, to);
          if (!gives || !takes) return ERRNO.EROFS;
          const { volume } = to.parentMount;
          if (volume !== mount.volume) return ERRNO.EXDEV;
          return waits.then(volume.link(node, to.parent, to.name), errnoOf);
        });
      });
    },

    /**
     * @param {number} fd
     * @param {number} pointer
     * @param {number} size
     * @param {number} buf
     * @param {number} bufSize
     * @param {number} result
     * @returns {Result}
     */
    path_readlink(fd, pointer, size, buf, bufSize, result) {
      const directory = lookups.directory(fd, RIGHTS.PATH_READLINK);
      if (typeof directory === "number") return directory;
      if (!memory.contains(u32(buf), u32(bufSize))) return ERRNO.EFAULT;
      if (!memory.contains(u32(result), 4)) return ERRNO.EFAULT;
      const path = lookups.path(pointer, size);
      if (typeof path === "number") return -path;
      return lookups.walk(directory, path, MODE.ENTRY, (error, walk) => {
        if (error < 0) return -error;
        const { mount, node } = walk;
        if (node === null) return ERRNO.ENOENT;
        if (node.type !== TYPE.LINK) return ERRNO.EINVAL;
        return waits.then(mount.volume.readlink(node), (target) => {
          if (typeof target === "number") return -target;
          const total = memory.putText(buf, bufSize, target);
          if (total < 0) return ERRNO.EFAULT;
          memory.putU32(result, Math.min(total, u32(bufSize)));
          return 0;
        });
      });
    },

    /**
     * @param {number} fd
     * @param {number} pointer
     * @param {number} size
     * @returns {Result}
     */
    path_remove_directory(fd, pointer, size) {
      const right = RIGHTS.PATH_REMOVE_DIRECTORY;
      return lookups.change(fd, right, pointer, size, (walk, allowed) => {
        const { name, parent, parentMount } = walk;
        // ".." has what the path came through in it.
        if (name === "") {
          return walk.end === END.DOT ? ERRNO.EINVAL : ERRNO.ENOTEMPTY;
        }
        if (walk.mount !== parentMount) return ERRNO.EBUSY;
        if (!allowed) return keptError(walk);
        const answer = parentMount.volume.removeDirectory(parent, name);
        return waits.then(answer, errnoOf);
      });
    },

    /**
     * @param {number} oldFd
     * @param {number} oldPointer
     * @param {number} oldSize
     * @param {number} newFd
     * @param {number} newPointer
     * @param {number} newSize
     * @returns {Result}
     */
    path_rename(oldFd, oldPointer, oldSize, newFd, newPointer, newSize) {
      const oldDirectory = lookups.directory(oldFd, RIGHTS.PATH_RENAME_SOURCE);
      if (typeof oldDirectory === "number") return oldDirectory;
      const newDirectory = lookups.directory(newFd, RIGHTS.PATH_RENAME_TARGET);
      if (typeof newDirectory === "number") return newDirectory;
      const oldPath = lookups.path(oldPointer, oldSize);
      if (typeof oldPath === "number") return -oldPath;
      const newPath = lookups.path(newPointer, newSize);
      if (typeof newPath === "number") return -newPath;
      const slash = oldPath.end === END.SLASH || newPath.end === END.SLASH;
      const mode = slash ? MODE.LOOK : MODE.PARENT;
      return lookups.walk(oldDirectory, oldPath, mode, (oldError, from) => {
        if (oldError < 0) return -oldError;
        const wrongFrom = renameError(from);
        if (wrongFrom !== 0) return wrongFrom;
        const { name, node, parent, parentMount } = from;
        if (slash && node === null) return ERRNO.ENOENT;
        if (slash && node?.type !== TYPE.DIRECTORY) return ERRNO.ENOTDIR;
        const gives = mayChange(oldDirectory, RIGHTS.PATH_RENAME_SOURCE, from);
        if (!gives) return keptError(from);
        return lookups.walk(newDirectory, newPath, MODE.PARENT, (error, to) => {
          if (error < 0) return -error;
          const wrong = renameError(to);
          if (wrong !== 0) return wrong;
          const takes = mayChange(newDirectory, RIGHTS.PATH_RENAME_TARGET, to);
          if (!takes) return ERRNO.EROFS;
          const { volume } = to.parentMount;
          if (volume !== parentMount.volume) return ERRNO.EXDEV;
          const answer = volume.rename(parent, name, to.parent, to.name);
          return waits.then(answer, errnoOf);
        });
      });
    },

    /**
     * A link may lead to what is not there, or to where it may not be followed.
     * @param {number} targetPointer
     * @param {number} targetSize
     * @param {number} fd
     * @param {number} pointer
     * @param {number} size
     * @returns {Result}
     */
    path_symlink(targetPointer, targetSize, fd, pointer, size) {
      const right = RIGHTS.PATH_SYMLINK;
      const directory = lookups.directory(fd, right);
      if (typeof directory === "number") return directory;
      const at = u32(targetPointer);
      const length = u32(targetSize);
      if (!memory.contains(at, length)) return ERRNO.EFAULT;
      const target = readText(memory.bytes, at, length);
      if (typeof target === "number") return -target;
      const path = lookups.path(pointer, size);
      if (typeof path === "number") return -path;
      // Nowhere would it lead to what its maker meant; the public suite wants
      // it refused at once.
      if (target.startsWith("/")) return -ESCAPE;
      return lookups.walk(directory, path, MODE.PARENT, (error, walk) => {
        if (error < 0) return -error;
        const wrong = newNameError(walk);
        if (wrong !== 0) return wrong;
        if (!mayChange(directory, right, walk)) return ERRNO.EROFS;
        const { volume } = walk.parentMount;
        const answer = volume.symlink(walk.parent, walk.name, target);
        return waits.then(answer, errnoOf);
      });
    },

    /**
     * @param {number} fd
     * @param {number} pointer
     * @param {number} size
     * @returns {Result}
     */
    path_unlink_file(fd, pointer, size) {
      const right = RIGHTS.PATH_UNLINK_FILE;
      return lookups.change(fd, right, pointer, size, (walk, allowed) => {
        const { name, node, parent, parentMount } = walk;
        if (node?.type === TYPE.DIRECTORY) return ERRNO.EISDIR;
        if (walk.end === END.SLASH) {
          return node === null ? ERRNO.ENOENT : ERRNO.ENOTDIR;
        }
        if (!allowed) return keptError(walk);
        return waits.then(parentMount.volume.unlink(parent, name), errnoOf);
      });
    },
  };
}
