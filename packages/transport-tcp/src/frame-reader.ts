import { FrameError, frameChecksum, frameHeaderBytes, readUint32 } from './frame.js';

/** Memory that the announcement of a frame gets at once; more only as its bytes arrive. */
const firstCapacityBytes = 1024 * 1024;

/**
 * Cuts a stream of bytes into frames, whatever the chunks. A frame within one chunk is handed over as a view of it; the
 * payload of one that spans chunks is put together once.
 */
export class FrameReader {
  /** Bytes of a payload; a longer frame is an error. May be changed between frames. */
  maxFrameBytes: number;
  readonly #onFrame: (kind: number, payload: Uint8Array) => void;
  /** The header of a frame that is not whole yet. */
  readonly #header = new Uint8Array(frameHeaderBytes);
  #headerHeld = 0;
  #payload = new Uint8Array(0);
  #payloadHeld = 0;
  #stopped = false;

  constructor(maxFrameBytes: number, onFrame: (kind: number, payload: Uint8Array) => void) {
    this.maxFrameBytes = maxFrameBytes;
    this.#onFrame = onFrame;
  }

  /** Takes the next bytes, which nobody may write to afterwards. Throws {@link FrameError} and what `onFrame` throws. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      at = this.#headerHeld === 0 ? this.#readWhole(chunk, at) : this.#readRest(chunk, at);
    }
  }

  /** Hands over nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#payload = new Uint8Array(0);
  }

  /** Hands over the frames that lie whole in the chunk, and keeps the start of the next header. */
  #readWhole(chunk: Uint8Array, from: number): number {
    let at = from;
    while (chunk.length - at >= frameHeaderBytes) {
      const start = at + frameHeaderBytes;
      const end = start + this.#lengthOf(chunk, at);
      if (end > chunk.length) break;
      this.#emit(chunk, at, chunk.subarray(start, end));
      at = end;
      if (this.#stopped) return at;
    }
    return this.#fillHeader(chunk, at);
  }

  /** Adds to the frame that is not whole yet, and hands it over if it is now. */
  #readRest(chunk: Uint8Array, from: number): number {
    let at = this.#fillHeader(chunk, from);
    if (this.#headerHeld < frameHeaderBytes) return at;
    const length = this.#lengthOf(this.#header, 0);
    const end = Math.min(chunk.length, at + length - this.#payloadHeld);
    this.#reserve(this.#payloadHeld + end - at, length);
    this.#payload.set(chunk.subarray(at, end), this.#payloadHeld);
    this.#payloadHeld += end - at;
    at = end;
    if (this.#payloadHeld === length) this.#emitHeld();
    return at;
  }

  #fillHeader(chunk: Uint8Array, from: number): number {
    const end = Math.min(chunk.length, from + frameHeaderBytes - this.#headerHeld);
    for (let at = from; at < end; at += 1) this.#header[this.#headerHeld++] = chunk[at] as number;
    // A frame without payload would otherwise wait for the next chunk.
    if (this.#headerHeld === frameHeaderBytes && this.#lengthOf(this.#header, 0) === 0) this.#emitHeld();
    return end;
  }

  /** Makes room for `needed` bytes of a payload of `length`; what is announced and never comes costs little. */
  #reserve(needed: number, length: number): void {
    if (needed <= this.#payload.length) return;
    const grown = new Uint8Array(Math.min(length, Math.max(firstCapacityBytes, needed * 2)));
    grown.set(this.#payload.subarray(0, this.#payloadHeld));
    this.#payload = grown;
  }

  #emitHeld(): void {
    const payload = this.#payload;
    this.#payload = new Uint8Array(0);
    this.#payloadHeld = 0;
    this.#headerHeld = 0;
    this.#emit(this.#header, 0, payload);
  }

  #lengthOf(header: Uint8Array, at: number): number {
    const length = readUint32(header, at);
    if (length > this.maxFrameBytes) {
      throw new FrameError(`a frame of ${length} bytes is announced, at most ${this.maxFrameBytes} are accepted`);
    }
    return length;
  }

  #emit(header: Uint8Array, at: number, payload: Uint8Array): void {
    const kind = header[at + 4] as number;
    if (frameChecksum(kind, payload) !== readUint32(header, at + 5))
      throw new FrameError('the checksum of a frame is wrong');
    this.#onFrame(kind, payload);
  }
}

/** The same bytes, sharing memory with no other frame: a copy, unless the frame came alone in its chunk. */
export function ownBytes(payload: Uint8Array): Uint8Array {
  return payload.buffer.byteLength - payload.length <= frameHeaderBytes ? payload : new Uint8Array(payload);
}
