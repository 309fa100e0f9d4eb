import { basename, dirname } from 'node:path';
import { StorageError } from '@raft/core';
import type { Random } from '@raft/core';
import type { File, FileSystem, OpenMode } from '@raft/storage-file';

/** What happens at the operation that fails. `kill` ends the process there, `torn write` the machine. */
export type Fault =
  | 'EIO once'
  | 'EIO for ever'
  | 'ENOSPC once'
  | 'ENOSPC for ever'
  | 'short write'
  | 'kill'
  | 'torn write';

export const faults: readonly Fault[] = [
  'EIO once',
  'EIO for ever',
  'ENOSPC once',
  'ENOSPC for ever',
  'short write',
  'kill',
  'torn write',
];

const SECTOR_BYTES = 512;

interface Inode {
  /** As the process sees it. */
  bytes: Buffer;
  /** As a crash leaves it, but for what of the unsynced writes survives. */
  durable: Buffer;
  unsynced: { readonly position: number; readonly data: Buffer }[];
}

type Names = Map<string, Inode>;

/**
 * A disk in memory that loses at a crash what was not synced: whole writes, sectors of them, and changes of names. Each
 * operation is counted; the one with a given number fails.
 */
export class SimulatedDisk {
  #names: Names = new Map();
  #durableNames: Names = new Map();
  /** Changes of names since the last sync, oldest first. */
  #renamings: { readonly directory: string; readonly change: (names: Names) => unknown }[] = [];
  readonly #directories = new Set<string>();
  #locks = new Set<string>();
  #operations = 0;
  #fault: { readonly at: number; readonly kind: Fault } | undefined;
  #life = 0;
  /** Bytes that all files together may have. */
  capacity: number = Number.POSITIVE_INFINITY;
  #killed: () => void = () => {};
  #whenKilled: Promise<void> = Promise.resolve();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Number of the first operation that changed something; 0: none did. */
  firstChange: number = 0;
  /** What the last operation that failed was. */
  failed: string = '';
  /** Files that are open, by their paths. */
  readonly open: string[] = [];

  get isLocked(): boolean {
    return this.#locks.size > 0;
  }

  get operations(): number {
    return this.#operations;
  }

  get used(): number {
    return [...new Set(this.#names.values())].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  get files(): ReadonlyMap<string, { bytes: Buffer; durable: Buffer }> {
    return this.#names;
  }

  /** The `at`-th operation from now on fails; 0: none does. */
  failAt(at: number, kind: Fault): void {
    this.#operations = 0;
    this.firstChange = 0;
    this.#fault = at === 0 ? undefined : { at, kind };
    this.#whenKilled = new Promise((resolve) => (this.#killed = resolve));
  }

  /** Resolves when a fault has killed the process. */
  killed(): Promise<void> {
    return this.#whenKilled;
  }

  /** The process dies, and nothing else: what it wrote is there. */
  kill(): void {
    this.#life++;
    this.#fault = undefined;
    this.#locks.clear();
    this.open.length = 0;
  }

  /** The process dies with the machine, and what was not synced survives as luck will have it. */
  crash(): void {
    this.kill();
    const survivors = Math.floor(this.#random() * (this.#renamings.length + 1));
    for (const { change } of this.#renamings.slice(0, survivors)) change(this.#durableNames);
    this.#renamings = [];
    for (const inode of new Set(this.#durableNames.values())) this.#settle(inode);
    this.#names = new Map(this.#durableNames);
  }

  #settle(inode: Inode): void {
    for (const { position, data } of inode.unsynced) {
      for (let at = 0; at < data.length;) {
        const end = at + SECTOR_BYTES - ((position + at) % SECTOR_BYTES);
        if (this.#random() < 0.5) inode.durable = put(inode.durable, data.subarray(at, end), position + at);
        at = end;
      }
    }
    inode.unsynced = [];
    inode.bytes = Buffer.from(inode.durable);
  }

  /** Another disk with what is on this one, all of it durable. */
  clone(random: Random): SimulatedDisk {
    const disk = new SimulatedDisk(random);
    for (const [path, { bytes }] of this.#names) {
      disk.#names.set(path, { bytes: Buffer.from(bytes), durable: Buffer.from(bytes), unsynced: [] });
    }
    disk.#durableNames = new Map(disk.#names);
    for (const directory of this.#directories) disk.#directories.add(directory);
    disk.failAt(0, 'kill');
    return disk;
  }

  /** Changes what is on the disk, under all names of the file. */
  damage(path: string, change: (bytes: Buffer) => unknown): void {
    const inode = this.#find(path);
    change(inode.bytes);
    inode.durable = Buffer.from(inode.bytes);
  }

  /** A file is no more, and nobody removed it. */
  lose(path: string): void {
    this.#names.delete(path);
    this.#durableNames.delete(path);
  }

  /** The file system as the process that lives now sees it. */
  fileSystem(): FileSystem {
    const life = this.#life;
    const step = <T>(what: string, work: () => T): Promise<T> => this.#step(life, what, work);
    return {
      open: (path, mode) => step(`open ${path}`, () => this.#open(life, path, mode)),
      makeDirectory: (path) => step('make directory', () => void this.#directories.add(path)),
      list: (directory) =>
        step('list', () => {
          const names = [...this.#names.keys()]
            .filter((path) => dirname(path) === directory)
            .map((path) => basename(path));
          if (names.length === 0 && !this.#directories.has(directory)) throw systemError('ENOENT', directory);
          return names;
        }),
      rename: (from, to) =>
        step(`rename ${from}`, () => {
          const inode = this.#find(from);
          this.#change(from, (names) => names.delete(from) && names.set(to, inode));
        }),
      remove: (path) =>
        step(`remove ${path}`, () => {
          this.#find(path);
          this.#change(path, (names) => names.delete(path));
        }),
      copy: (from, to) =>
        step(`copy ${from}`, () => {
          if (this.#names.has(to)) throw systemError('EEXIST', to);
          const bytes = Buffer.from(this.#find(from).bytes);
          const made: Inode = { bytes, durable: Buffer.from(bytes), unsynced: [] };
          this.#change(to, (names) => names.set(to, made));
        }),
      syncDirectory: (directory) =>
        step('sync directory', () => {
          for (const each of this.#renamings) if (each.directory === directory) each.change(this.#durableNames);
          this.#renamings = this.#renamings.filter((each) => each.directory !== directory);
        }),
      lock: (directory) =>
        step('lock', () => {
          if (this.#locks.has(directory)) throw new StorageError('RAFT_STORAGE_IN_USE', 'in use');
          this.#locks.add(directory);
          return async () => void this.#locks.delete(directory);
        }),
    };
  }

  #find(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw systemError('ENOENT', path);
    return inode;
  }

  #change(path: string, change: (names: Names) => unknown): void {
    change(this.#names);
    this.#renamings.push({ directory: dirname(path), change });
  }

  #open(life: number, path: string, mode: OpenMode): File {
    if (mode === 'create') {
      if (this.#names.has(path)) throw systemError('EEXIST', path);
      const made: Inode = { bytes: Buffer.alloc(0), durable: Buffer.alloc(0), unsynced: [] };
      this.#change(path, (names) => names.set(path, made));
    }
    const inode = this.#find(path);
    this.open.push(path);
    return {
      read: (target, position) => this.#step(life, `read ${path}`, () => inode.bytes.copy(target, 0, position)),
      write: (source, position) => this.#write(life, inode, path, mode, Buffer.from(source), position),
      sync: () =>
        this.#step(life, `sync ${path}`, () => {
          inode.durable = Buffer.from(inode.bytes);
          inode.unsynced = [];
        }),
      size: () => this.#step(life, `size ${path}`, () => inode.bytes.length),
      close: () => {
        this.open.splice(this.open.indexOf(path), 1);
        return this.#step(life, `close ${path}`, () => undefined);
      },
    };
  }

  #write(life: number, inode: Inode, path: string, mode: OpenMode, data: Buffer, position: number): Promise<number> {
    const write = (part: Buffer, durable: boolean): number => {
      inode.bytes = put(inode.bytes, part, position);
      // What was not synced before is in memory under what is written now.
      for (const earlier of inode.unsynced) overlay(earlier, part, position);
      if (durable) inode.durable = put(inode.durable, part, position);
      else inode.unsynced.push({ position, data: part });
      return part.length;
    };
    const longer = Math.max(0, position + data.length - inode.bytes.length);
    const missing = longer > 0 ? longer - (this.capacity - this.used) : 0;
    if (missing > 0 && life === this.#life) {
      this.#operations++;
      const fits = Math.max(0, data.length - missing);
      if (fits === 0) return Promise.reject(systemError('ENOSPC', path));
      return Promise.resolve(write(data.subarray(0, fits), false));
    }
    const kind = this.#due();
    if (kind === 'short write') {
      this.#operations++;
      this.#fault = undefined;
      return Promise.resolve(write(data.subarray(0, data.length >> 1), false));
    }
    // A write that fails, or is torn, may have reached the disk in part; what a killed process wrote is there up to some byte.
    const reached = kind === 'kill' ? data.subarray(0, Math.floor(this.#random() * (data.length + 1))) : data;
    if (kind !== undefined && life === this.#life) write(reached, false);
    return this.#step(life, `write ${path}`, () => write(data, mode === 'durable'));
  }

  #due(): Fault | undefined {
    const fault = this.#fault;
    if (fault === undefined) return undefined;
    const forEver = fault.kind === 'EIO for ever' || fault.kind === 'ENOSPC for ever';
    const next = this.#operations + 1;
    return next === fault.at || (forEver && next > fault.at) ? fault.kind : undefined;
  }

  async #step<T>(life: number, what: string, work: () => T): Promise<T> {
    if (life !== this.#life) return new Promise(() => {});
    const kind = this.#due();
    this.#operations++;
    if (/^(write|rename|remove|copy)/.test(what)) this.firstChange ||= this.#operations;
    if (kind === undefined || kind === 'short write') return work();
    if (kind === 'kill' || kind === 'torn write') {
      this.#life++;
      this.#killed();
      return new Promise(() => {});
    }
    const full = kind.startsWith('ENOSPC');
    // Reading and closing need no space.
    if (full && /^(read|close|size|list|lock|remove)/.test(what)) return work();
    if (kind.endsWith('once')) this.#fault = undefined;
    this.failed = what;
    throw systemError(full ? 'ENOSPC' : 'EIO', what);
  }
}

/** Replaces what two writes have in common. */
function overlay(earlier: { readonly position: number; readonly data: Buffer }, data: Buffer, position: number): void {
  const from = Math.max(earlier.position, position);
  const to = Math.min(earlier.position + earlier.data.length, position + data.length);
  if (from < to) data.copy(earlier.data, from - earlier.position, from - position, to - position);
}

function put(bytes: Buffer, data: Buffer, position: number): Buffer {
  if (position + data.length <= bytes.length) {
    data.copy(bytes, position);
    return bytes;
  }
  const longer = Buffer.alloc(Math.max(bytes.length, position + data.length));
  bytes.copy(longer);
  data.copy(longer, position);
  return longer;
}

function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
