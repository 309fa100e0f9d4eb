import type { File, FileSystem, OpenMode } from './file-system.js';
import { isZero } from './file-window.js';
import { temporarySuffix } from './layout.js';
import type { FileChange, FileWrite } from './records.js';

interface StagedFile {
  /** It is not there yet, or another one is under its name. */
  readonly isMade: boolean;
  bytes: number;
  readonly writes: FileWrite[];
}

/** The files of a directory as they are going to be: reads go through to what is there, changes are kept in memory. */
export class StagedFiles {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #present: ReadonlySet<string>;
  /** By name; undefined: it is removed. */
  readonly #files = new Map<string, StagedFile | undefined>();

  /** `names`: of the files that are there. */
  constructor(fileSystem: FileSystem, directory: string, names: readonly string[]) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#present = new Set(names);
  }

  /** What is to be done to the files that are there. */
  changes(): FileChange[] {
    return [...this.#files].flatMap(([name, file]): FileChange[] => {
      if (file === undefined) return this.#present.has(name) ? [{ name, removed: true, madeBytes: 0, writes: [] }] : [];
      const { isMade, bytes, writes } = file;
      if (!isMade) return writes.length > 0 ? [{ name, removed: false, madeBytes: 0, writes }] : [];
      // It begins as zeros.
      const first = writes.findIndex(({ zeros }) => zeros === 0);
      return [{ name, removed: false, madeBytes: bytes, writes: first < 0 ? [] : writes.slice(first) }];
    });
  }

  /** Names of the files that are there and will not be the same any more. */
  get changed(): string[] {
    const names = this.changes().map(({ name }) => name);
    return names.filter((name) => this.#present.has(name) && !name.endsWith(temporarySuffix));
  }

  /** Locks nothing, and makes nothing durable. */
  fileSystem(): FileSystem {
    const nothing = (): Promise<void> => Promise.resolve();
    return {
      open: (path, mode) => this.#open(path, mode),
      list: () =>
        Promise.resolve([...new Set([...this.#present, ...this.#files.keys()])].filter((name) => this.#has(name))),
      rename: async (from, to) => {
        const file = this.#files.get(this.#nameOf(from));
        if (!file?.isMade) throw new Error(`${from} is not among the files that were made here`);
        this.#files.set(this.#nameOf(from), undefined);
        this.#files.set(this.#nameOf(to), file);
      },
      remove: async (path) => {
        if (!this.#has(this.#nameOf(path))) throw systemError('ENOENT', path);
        this.#files.set(this.#nameOf(path), undefined);
      },
      copy: () => Promise.reject(new Error('nothing is copied here')),
      makeDirectory: nothing,
      syncDirectory: nothing,
      lock: () => Promise.resolve(nothing),
    };
  }

  async #open(path: string, mode: OpenMode): Promise<File> {
    const name = this.#nameOf(path);
    if (mode === 'create') {
      if (this.#has(name)) throw systemError('EEXIST', path);
      const made = { isMade: true, bytes: 0, writes: [] };
      this.#files.set(name, made);
      return fileOf(made, undefined);
    }
    if (!this.#has(name)) throw systemError('ENOENT', path);
    const staged = this.#files.get(name);
    if (staged?.isMade) return fileOf(staged, undefined);
    const present = await this.#fileSystem.open(path, 'read');
    try {
      const file = staged ?? { isMade: false, bytes: await present.size(), writes: [] };
      this.#files.set(name, file);
      return fileOf(file, present);
    } catch (error) {
      await present.close();
      throw error;
    }
  }

  #has(name: string): boolean {
    return this.#files.has(name) ? this.#files.get(name) !== undefined : this.#present.has(name);
  }

  #nameOf(path: string): string {
    return path.slice(this.#directory.length + 1);
  }
}

function fileOf(staged: StagedFile, present: File | undefined): File {
  return {
    async read(target, position) {
      const bytes = Math.max(0, Math.min(target.length, staged.bytes - position));
      const part = target.subarray(0, bytes).fill(0);
      await present?.read(part, position);
      for (const write of staged.writes) overlay(part, position, write);
      return bytes;
    },
    async write(source, position) {
      const isNothing = isZero(Buffer.from(source.buffer, source.byteOffset, source.length));
      const data = isNothing ? new Uint8Array() : new Uint8Array(source);
      staged.writes.push({ offset: position, data, zeros: isNothing ? source.length : 0 });
      staged.bytes = Math.max(staged.bytes, position + source.length);
      return source.length;
    },
    sync: () => Promise.resolve(),
    size: () => Promise.resolve(staged.bytes),
    close: async () => present?.close(),
  };
}

/** Puts into `part`, which lies at `position` of the file, what the write has of it. */
function overlay(part: Uint8Array, position: number, { offset, data, zeros }: FileWrite): void {
  const from = Math.max(position, offset);
  const to = Math.min(position + part.length, offset + (zeros || data.length));
  if (from >= to) return;
  if (zeros > 0) part.fill(0, from - position, to - position);
  else part.set(data.subarray(from - offset, to - offset), from - position);
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
