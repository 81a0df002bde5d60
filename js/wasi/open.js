/* path_open: finds or makes what a path names and gives it a descriptor with
 * the rights that it may have. Everything wrong with the call itself is found
 * before anything is made or cut off; a call that is given up in the middle
 * leaves no opened file behind. */
import { ERRNO } from "../errors.js";
import { END } from "../fs/paths.js";
import { TYPE } from "../fs/volume.js";
import { MODE } from "../fs/walk.js";
import { u32 } from "../memory.js";
import { FDFLAGS, FDFLAGS_ALL, OFLAGS, OFLAGS_ALL } from "./abi.js";
import { RIGHTS, RIGHTS_ALL } from "./abi.js";
import {
  DIRECTORY_RIGHTS,
  DirectoryDescriptor,
  FILE_RIGHTS,
  FileDescriptor,
  WRITING_RIGHTS,
} from "./descriptors.js";
import { readMode } from "./lookup.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./descriptors.js").DirectoryDescriptor} Directory
 * @typedef {import("./lookup.js").Lookups} Lookups
 * @typedef {import("./wait.js").Result} Result
 * @typedef {import("../fs/namespace.js").Place} Place
 * @typedef {import("../fs/paths.js").Path} Path
 * @typedef {import("../fs/volume.js").File} File
 * @typedef {import("../fs/volume.js").Node} Node
 * @typedef {import("../fs/walk.js").Walk} Walk
 *
 * A call.
 * @typedef {object} Opening
 * @property {Directory} directory
 * @property {Path} path
 * @property {number} mode one of MODE
 * @property {number} oflags
 * @property {number} fdflags
 * @property {number} base the rights that are asked for and may be had
 * @property {number} inheriting
 * @property {boolean} writes whether to write was asked for, had or not
 * @property {number} result where the number of the descriptor goes
 * @property {number} attempts how often it was looked for
 */

/** Rights that neither files nor directories can have. */
const OTHER_RIGHTS = RIGHTS_ALL & ~(FILE_RIGHTS | DIRECTORY_RIGHTS);

/** What cannot be had by opening to read. */
const STORING_RIGHTS = RIGHTS.FD_WRITE | RIGHTS.FD_ALLOCATE;

const TO_READ = { read: true, write: false };

/** How often a file that others make and remove all the time is looked for. */
const MAX_ATTEMPTS = 8;

/** Why opening to write fails where opening to read may not. */
const DENIED = [-ERRNO.EACCES, -ERRNO.EPERM, -ERRNO.EROFS, -ERRNO.ETXTBSY];

/**
 * @param {bigint} rights as they come from wasm
 * @returns {number} -1 for some that there are not
 */
function readRights(rights) {
  const number = Number(rights);
  return number < 0 || number > RIGHTS_ALL ? -1 : number & ~OTHER_RIGHTS;
}

/**
 * What is missing to open something with these flags.
 * @param {Directory} directory
 * @param {number} oflags
 * @param {number} fdflags
 */
function lacks({ place, rights, inheriting }, oflags, fdflags) {
  let needed = RIGHTS.PATH_OPEN;
  // On a read-only mount this is EROFS, if there is something to be changed.
  if (!place.mount.readOnly) {
    if ((oflags & OFLAGS.CREAT) !== 0) needed |= RIGHTS.PATH_CREATE_FILE;
    if ((oflags & OFLAGS.TRUNC) !== 0) needed |= RIGHTS.PATH_FILESTAT_SET_SIZE;
  }
  if ((rights & needed) !== needed) return true;
  const { DSYNC, RSYNC, SYNC } = FDFLAGS;
  const { FD_DATASYNC, FD_SYNC } = RIGHTS;
  // The public suite opens with SYNC by a directory that may not be synced
  // itself: it is those opened under it that must have the right.
  if ((fdflags & (RSYNC | SYNC)) !== 0) return (inheriting & FD_SYNC) === 0;
  const synced = (inheriting & (FD_DATASYNC | FD_SYNC)) !== 0;
  return (fdflags & DSYNC) !== 0 && !synced;
}

/**
 * @param {Context} context
 * @param {Lookups} lookups
 */
export function openImports({ memory, descriptors, waits }, lookups) {
  /**
   * @param {Place} place
   * @param {File | number} file
   */
  function letGo({ mount }, file) {
    if (typeof file !== "number" || file >= 0) {
      void mount.volume.closeFile(file);
    }
  }

  /**
   * @param {FileDescriptor | DirectoryDescriptor} descriptor
   * @param {number} result
   * @returns {Result}
   */
  function install(descriptor, result) {
    const fd = descriptors.add(descriptor);
    if (fd < 0) {
      letGo(descriptor.place, descriptor.file);
      return -fd;
    }
    memory.putU32(result, fd);
    return 0;
  }

  /**
   * Opens a node of a volume and goes on with the file.
   * @param {Place} place
   * @param {import("../fs/volume.js").Access} access
   * @param {boolean} must whether it is of no use without writing
   * @param {(file: File) => Result} next
   * @returns {Result}
   */
  function openNode(place, access, must, next) {
    const { volume } = place.mount;
    return waits.then(
      volume.openNode(place.node, access),
      (file) => {
        if (typeof file !== "number" || file >= 0) return next(file);
        return access.write && !must && DENIED.includes(file)
          ? openNode(place, TO_READ, false, next)
          : -file;
      },
      (file) => letGo(place, file),
    );
  }

  /**
   * @param {Place} place
   * @param {File} file
   * @param {() => Result} next
   * @returns {Result}
   */
  function truncate(place, file, next) {
    const answer = place.mount.volume.resize(file, 0);
    if (typeof answer !== "number") {
      return waits.after(
        answer,
        () => truncate(place, file, next),
        () => letGo(place, file),
      );
    }
    if (answer >= 0) return next();
    letGo(place, file);
    return -answer;
  }

  /**
   * @param {Opening} opening
   * @param {Place} place
   * @param {bigint} parentIno
   * @returns {Result}
   */
  function openDirectory(opening, place, parentIno) {
    const { oflags, base, inheriting, writes } = opening;
    const changes = (oflags & (OFLAGS.CREAT | OFLAGS.TRUNC)) !== 0;
    if (changes || writes) return ERRNO.EISDIR;
    return openNode(place, TO_READ, false, (file) => {
      const allowed = place.mount.readOnly ? ~WRITING_RIGHTS : ~0;
      const rights = {
        base: base & DIRECTORY_RIGHTS & allowed,
        inheriting: inheriting & allowed,
      };
      const { fdflags, result } = opening;
      const opened = new DirectoryDescriptor(place, file, rights, fdflags);
      opened.parentIno = parentIno;
      return install(opened, result);
    });
  }

  /**
   * @param {Opening} opening
   * @param {Place} place
   * @returns {Result}
   */
  function openFile(opening, place) {
    const { directory, oflags, base, writes } = opening;
    if ((oflags & OFLAGS.DIRECTORY) !== 0) return ERRNO.ENOTDIR;
    const { readOnly } = place.mount;
    const truncates = (oflags & OFLAGS.TRUNC) !== 0;
    if (truncates || writes) {
      const mayWrite = (base & RIGHTS.FD_WRITE) !== 0;
      const mayTruncate =
        (directory.rights & RIGHTS.PATH_FILESTAT_SET_SIZE) !== 0;
      if (readOnly || (writes && !mayWrite)) return ERRNO.EROFS;
      if (truncates && !mayTruncate) return ERRNO.EROFS;
    }
    const allowed = readOnly ? ~WRITING_RIGHTS : ~0;
    const granted = base & FILE_RIGHTS & allowed;
    // Some ask for the right to set the size of whatever they open: it must
    // not keep them from a file that can only be read.
    const must = truncates || (granted & STORING_RIGHTS) !== 0;
    const write = must || (granted & RIGHTS.FD_FILESTAT_SET_SIZE) !== 0;
    const read = !write || (granted & RIGHTS.FD_READ) !== 0;
    return openNode(place, { read, write }, must, (file) => {
      const { fdflags, result } = opening;
      const rights = { base: granted, inheriting: 0 };
      const opened = new FileDescriptor(place, file, rights, fdflags);
      return truncates
        ? truncate(place, file, () => install(opened, result))
        : install(opened, result);
    });
  }

  /**
   * @param {Opening} opening
   * @param {Walk} walk
   * @returns {Result}
   */
  function createFile(opening, walk) {
    const { directory } = opening;
    if (walk.end === END.SLASH) return ERRNO.EISDIR;
    const may = (directory.rights & RIGHTS.PATH_CREATE_FILE) !== 0;
    const { name, parent, parentMount: mount } = walk;
    if (!may || mount.readOnly) return ERRNO.EROFS;
    return waits.then(mount.volume.create(parent, name), (made) => {
      if (typeof made !== "number") {
        return openFile(opening, { mount, node: made });
      }
      // Somebody else was faster: then it is there.
      const again = made === -ERRNO.EEXIST;
      return again && ++opening.attempts <= MAX_ATTEMPTS
        ? open(opening)
        : -made;
    });
  }

  /**
   * @param {Opening} opening
   * @returns {Result}
   */
  function open(opening) {
    const { directory, path, mode, oflags } = opening;
    return lookups.walk(directory, path, mode, (error, walk) => {
      if (error < 0) return -error;
      const { mount, node } = walk;
      const creates = (oflags & OFLAGS.CREAT) !== 0;
      if (node === null) {
        return creates ? createFile(opening, walk) : ERRNO.ENOENT;
      }
      if (creates && (oflags & OFLAGS.EXCL) !== 0) return ERRNO.EEXIST;
      if (node.type === TYPE.LINK) return ERRNO.ELOOP;
      const place = { mount, node };
      if (node.type !== TYPE.DIRECTORY) return openFile(opening, place);
      const start = node === directory.place.node;
      const parentIno = start ? directory.parentIno : walk.parent.ino;
      return openDirectory(opening, place, parentIno);
    });
  }

  return {
    /**
     * @param {number} fd
     * @param {number} flags
     * @param {number} pointer
     * @param {number} size
     * @param {number} oflags
     * @param {bigint} base
     * @param {bigint} inheriting
     * @param {number} fdflags
     * @param {number} result
     * @returns {Result}
     */
    path_open(
      fd,
      flags,
      pointer,
      size,
      oflags,
      base,
      inheriting,
      fdflags,
      result,
    ) {
      const directory = lookups.directory(fd, 0);
      if (typeof directory === "number") return directory;
      if (!memory.contains(u32(result), 4)) return ERRNO.EFAULT;
      let mode = readMode(flags);
      if (mode < 0) return -mode;
      const how = u32(oflags);
      if ((how & ~OFLAGS_ALL) !== 0) return ERRNO.EINVAL;
      if ((u32(fdflags) & ~FDFLAGS_ALL) !== 0) return ERRNO.EINVAL;
      const { CREAT, DIRECTORY, EXCL } = OFLAGS;
      // It would have to make a directory, which it cannot.
      if ((how & CREAT) !== 0 && (how & DIRECTORY) !== 0) return ERRNO.EINVAL;
      if (lacks(directory, how, fdflags)) return ERRNO.ENOTCAPABLE;
      const wanted = readRights(base);
      const passedOn = readRights(inheriting);
      if (wanted < 0 || passedOn < 0) return ERRNO.ENOTCAPABLE;
      // On a read-only mount, rights to change something are not refused but
      // dropped: programs ask for all there are when they open to read.
      const { readOnly } = directory.place.mount;
      const had = directory.inheriting | (readOnly ? WRITING_RIGHTS : 0);
      if (((wanted | passedOn) & ~had) !== 0) return ERRNO.ENOTCAPABLE;
      const path = lookups.path(pointer, size);
      if (typeof path === "number") return -path;
      if (!descriptors.hasRoom) return ERRNO.EMFILE;
      // Whatever has the name is in the way, a link that leads nowhere, too.
      if ((how & CREAT) !== 0 && (how & EXCL) !== 0) mode = MODE.ENTRY;
      return open({
        directory,
        path,
        mode,
        oflags: how,
        fdflags,
        base: wanted & directory.inheriting,
        inheriting: passedOn & directory.inheriting,
        writes: (wanted & RIGHTS.FD_WRITE) !== 0,
        result,
        attempts: 0,
      });
    },
  };
}
