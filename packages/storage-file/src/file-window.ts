import type { File } from './file-system.js';

/** Reads a file forwards in large steps: holds one stretch of it at a time. */
export class FileWindow {
  readonly #file: File;
  readonly #stepBytes: number;
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Bytes of the file. */
  readonly size: number;

  constructor(file: File, size: number, stepBytes: number = 1024 * 1024) {
    this.#file = file;
    this.size = size;
    this.#stepBytes = stepBytes;
  }

  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Position in `buffer` of an offset in the file. */
  at(offset: number): number {
    return offset - this.#start;
  }

  has(offset: number, bytes: number): boolean {
    return offset >= this.#start && offset + bytes <= this.#end;
  }

  /** Makes `bytes` bytes from `offset` on available, and usually more. What was in the buffer is gone. */
  async load(offset: number, bytes: number): Promise<void> {
    if (this.has(offset, bytes)) return;
    const wanted = Math.min(Math.max(bytes, this.#stepBytes), this.size - offset);
    if (bytes > wanted) throw new Error(`the file ends at ${this.size}: no ${bytes} bytes at ${offset}`);
    if (this.#buffer.length < wanted) this.#buffer = Buffer.allocUnsafeSlow(wanted);
    const read = await this.#file.read(this.#buffer.subarray(0, wanted), offset);
    this.#start = offset;
    this.#end = offset + read;
    if (read < bytes) throw new Error(`the file ends at ${this.#end}, ${this.size} bytes were expected`);
  }

  /** The last byte from `offset` on that is not zero; −1 when all are. */
  async lastNonZero(offset: number): Promise<number> {
    let found = -1;
    for (let at = offset; at < this.size; at += this.#stepBytes) {
      const bytes = Math.min(this.#stepBytes, this.size - at);
      await this.load(at, bytes);
      const part = this.#buffer.subarray(this.at(at), this.at(at) + bytes);
      if (isZero(part)) continue;
      let last = bytes - 1;
      while (part[last] === 0) last--;
      found = at + last;
    }
    return found;
  }
}

const zeros: Buffer = Buffer.alloc(64 * 1024);

export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const end = Math.min(at + zeros.length, bytes.length);
    if (bytes.compare(zeros, 0, end - at, at, end) !== 0) return false;
  }
  return true;
}
