import { crc32 } from './crc32.js';
import { CHECKSUM_BYTES, joined, readUint32, VERSION } from './framing.js';

type Part = 'version' | 'length' | 'block' | 'checksum' | 'machine';

/** Finds out of a snapshot that comes in pieces of any size, in order, whether it is as `frameSnapshot` made it. */
export class FrameCheck {
  #part: Part = 'version';
  /** Bytes of the part that are still to come, and what has come of a number or checksum. */
  #left = 4;
  #number = 0;
  #blockBytes = 0;
  #checksum = 0;
  #isDamaged = false;
  /** Set when it has another format than this version reads, so that nothing can be said of it. */
  foreignVersion: number | undefined;
  /** The last bytes of the machine's part: the checksum, if nothing follows. */
  #last: Uint8Array = new Uint8Array(0);

  add(piece: Uint8Array): void {
    let at = 0;
    while (at < piece.length && this.#part !== 'machine' && !this.#isDamaged) {
      const bytes = piece.subarray(at, at + this.#left);
      at += bytes.length;
      this.#take(bytes);
      // A block may have no bytes.
      while (this.#left === 0) this.#next();
    }
    if (this.#part === 'machine') this.#takeOfMachine(piece.subarray(at));
  }

  /** Whether what has come by now is a whole one. */
  get isWhole(): boolean {
    return !this.#isDamaged && this.#last.length === CHECKSUM_BYTES && readUint32(this.#last, 0) === this.#checksum;
  }

  #take(bytes: Uint8Array): void {
    this.#left -= bytes.length;
    if (this.#part !== 'checksum') this.#checksum = crc32(bytes, this.#checksum);
    if (this.#part === 'block') return;
    for (const byte of bytes) this.#number = ((this.#number >>> 8) | (byte << 24)) >>> 0;
  }

  #next(): void {
    switch (this.#part) {
      case 'version':
        if (this.#number !== VERSION) {
          this.foreignVersion = this.#number;
          this.#isDamaged = true;
        }
        return this.#begin('length', 4);
      case 'length':
        this.#blockBytes = this.#number;
        return this.#begin('block', this.#blockBytes);
      case 'block':
        return this.#begin('checksum', CHECKSUM_BYTES);
      case 'checksum':
        if (this.#number !== this.#checksum) this.#isDamaged = true;
        return this.#blockBytes === 0 ? this.#begin('machine', Number.POSITIVE_INFINITY) : this.#begin('length', 4);
      case 'machine':
    }
  }

  #begin(part: Part, bytes: number): void {
    this.#part = part;
    this.#left = bytes;
  }

  #takeOfMachine(piece: Uint8Array): void {
    const isSmall = piece.length < CHECKSUM_BYTES;
    const bytes = isSmall ? joined([this.#last, piece]) : piece;
    if (!isSmall) this.#checksum = crc32(this.#last, this.#checksum);
    const end = Math.max(0, bytes.length - CHECKSUM_BYTES);
    this.#checksum = crc32(bytes.subarray(0, end), this.#checksum);
    this.#last = bytes.slice(end);
  }
}
