import * as fs from 'node:fs';
import { copyFile, mkdir, open as openHandle, readdir, rename, unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { lockDirectory } from './directory-lock.js';
import type { File, FileSystem, OpenMode } from './file-system.js';

const { COPYFILE_EXCL, COPYFILE_FICLONE, O_CREAT, O_DSYNC, O_EXCL, O_RDONLY, O_RDWR } = fs.constants;

// On Linux a write to an O_DSYNC file is a write and an fdatasync in one trip through the thread pool. Elsewhere the flag
// is missing or, as on macOS, stops short of the drive's cache, which fdatasync does flush.
const writesThrough = process.platform === 'linux';

const flags: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY,
  create: O_RDWR | O_CREAT | O_EXCL,
  write: O_RDWR,
  durable: writesThrough ? O_RDWR | O_DSYNC : O_RDWR,
};

const open = promisify(fs.open);
const close = promisify(fs.close);
const fstat = promisify(fs.fstat);
const fdatasync = promisify(fs.fdatasync);

/** The file system of the process. */
export const nodeFileSystem: FileSystem = {
  open: async (path, mode) => new NodeFile(await open(path, flags[mode], 0o600), mode === 'durable' && !writesThrough),
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  list: (directory) => readdir(directory),
  rename,
  remove: unlink,
  async copy(from, to) {
    await copyFile(from, to, COPYFILE_EXCL | COPYFILE_FICLONE);
    // Windows syncs only what is open for writing.
    const handle = await openHandle(to, process.platform === 'win32' ? 'r+' : 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async syncDirectory(path) {
    // Windows cannot open a directory; NTFS keeps its own journal of names.
    if (process.platform === 'win32') return;
    const handle = await openHandle(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  lock: lockDirectory,
};

/** The callback functions of `fs`, which are quicker than file handles: no extra promises on the way of a write. */
class NodeFile implements File {
  readonly #fd: number;
  readonly #syncsWrites: boolean;

  constructor(fd: number, syncsWrites: boolean) {
    this.#fd = fd;
    this.#syncsWrites = syncsWrites;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < target.length) {
      const count = await this.#readSome(target, done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async write(source: Uint8Array, position: number): Promise<number> {
    const written = await new Promise<number>((resolve, reject) => {
      fs.write(this.#fd, source, 0, source.length, position, (error, count) =>
        error ? reject(error) : resolve(count),
      );
    });
    // After a short write there is nothing to keep, so nothing to sync.
    if (this.#syncsWrites && written === source.length) await fdatasync(this.#fd);
    return written;
  }

  sync(): Promise<void> {
    return fdatasync(this.#fd);
  }

  async size(): Promise<number> {
    return (await fstat(this.#fd)).size;
  }

  close(): Promise<void> {
    return close(this.#fd);
  }

  #readSome(target: Uint8Array, offset: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#fd, target, offset, target.length - offset, position, (error, count) =>
        error ? reject(error) : resolve(count),
      );
    });
  }
}
