/** Whole numbers from 0 to 2^53 − 1 as little-endian base 128 (as in Protocol Buffers), one after the other, and bytes as they are. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** `size`: how many bytes are expected; more are taken too. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  get length(): number {
    return this.#length;
  }

  number(value: number): this {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** Without their length. */
  bytes(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what {@link ByteWriter} wrote. Throws where the bytes end too early, or a number is larger than 2^53 − 1. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  number(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
      const byte = this.#bytes[this.#offset++];
      if (byte === undefined) throw new Error('the bytes end within a number');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw new Error('a number is larger than 2^53 - 1');
        return value;
      }
    }
    throw new Error('a number has more than eight bytes');
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    if (this.#offset + length > this.#bytes.length) throw new Error(`${length} bytes are wanted beyond the end`);
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  /** All that are left; a view. */
  rest(): Uint8Array {
    return this.bytes(this.left);
  }
}
