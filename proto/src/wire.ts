import { DecodeError } from './decode-error.js';

// The few parts of the Protocol Buffers encoding that the hot messages need, over plain byte arrays and positions.

export const WireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes of a number as a varint. Throws RangeError unless it is an integer from 0 to 2^53 - 1. */
export function varintBytes(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not an integer from 0 to 2^53 - 1`);
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  let bytes = 5;
  for (let rest = value / 0x8_0000_0000; rest >= 1; rest /= 0x80) bytes++;
  return bytes;
}

/** Writes a number that {@link varintBytes} has measured; gives the position behind it. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  let position = at;
  // Beyond 31 bits the shift operators would lose what is above.
  while (rest > 0x7fff_ffff) {
    out[position++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest > 0x7f) {
    out[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[position++] = rest;
  return position;
}

/** Bytes of a string in UTF-8. */
export function stringBytes(value: string): number {
  for (let i = 0; i < value.length; i++) {
    if (value.charCodeAt(i) > 0x7f) return encoder.encode(value).length;
  }
  return value.length;
}

/** Writes a string that {@link stringBytes} has measured as `bytes`; gives the position behind it. */
export function writeString(out: Uint8Array, at: number, value: string, bytes: number): number {
  if (bytes === value.length) {
    for (let i = 0; i < bytes; i++) out[at + i] = value.charCodeAt(i);
  } else {
    encoder.encodeInto(value, out.subarray(at, at + bytes));
  }
  return at + bytes;
}

/** Bytes of a numeric field with a one-byte tag; none for 0, as in proto3. */
export function varintFieldBytes(value: number): number {
  return value === 0 ? 0 : 1 + varintBytes(value);
}

export function writeVarintField(out: Uint8Array, at: number, tag: number, value: number): number {
  if (value === 0) return at;
  out[at] = tag;
  return writeVarint(out, at + 1, value);
}

/** Bytes of a field of `bytes` bytes with a one-byte tag. */
export function bytesFieldBytes(bytes: number): number {
  return 1 + varintBytes(bytes) + bytes;
}

/** Reads fields from `bytes`. Throws {@link DecodeError} at the first thing that is wrong. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#position >= this.#end;
  }

  /** Position of the next byte in the input. */
  get position(): number {
    return this.#position;
  }

  /** A number of at most 2^53 - 1. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.#position >= this.#end) throw new DecodeError('truncated: the input ends within an integer');
      const byte = this.#bytes[this.#position++]!;
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new DecodeError('an integer is beyond 2^53 - 1');
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new DecodeError('malformed integer: more than 10 bytes');
  }

  /** Reads a length and gives a reader of that many bytes, which this one skips. */
  message(): WireReader {
    const start = this.#skipLength();
    return new WireReader(this.#bytes, start, this.#position);
  }

  /** Reads a length, skips that many bytes and gives where they start; they end at {@link position}. */
  span(): number {
    return this.#skipLength();
  }

  /** Reads a length and gives a view of that many bytes. */
  bytes(): Uint8Array {
    const start = this.#skipLength();
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, this.#position - start);
  }

  string(): string {
    const bytes = this.bytes();
    try {
      return decoder.decode(bytes);
    } catch (error) {
      throw new DecodeError('a string is not UTF-8', { cause: error });
    }
  }

  /** Skips the value of a field that is not known here. */
  skip(wireType: number): void {
    switch (wireType) {
      case WireType.varint:
        this.#skipVarint();
        return;
      case WireType.fixed64:
        this.#advance(8);
        return;
      case WireType.bytes:
        this.#skipLength();
        return;
      case WireType.fixed32:
        this.#advance(4);
        return;
      default:
        throw new DecodeError(`unknown wire type ${wireType}`);
    }
  }

  /** A varint of any size, as an unknown field may hold. */
  #skipVarint(): void {
    for (let i = 0; i < 10; i++) {
      if (this.#position >= this.#end) throw new DecodeError('truncated: the input ends within an integer');
      if (this.#bytes[this.#position++]! < 0x80) return;
    }
    throw new DecodeError('malformed integer: more than 10 bytes');
  }

  #skipLength(): number {
    const length = this.varint();
    const start = this.#position;
    this.#advance(length);
    return start;
  }

  #advance(length: number): void {
    if (length > this.#end - this.#position) {
      throw new DecodeError(`truncated: ${length} bytes announced, ${this.#end - this.#position} left`);
    }
    this.#position += length;
  }
}
