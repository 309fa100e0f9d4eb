import type { PeerWriter } from '@raft/proto/transport';
import { asBuffer } from './bytes.js';

/** The writing side of a stream of grpc-js. */
interface Sink {
  write(message: Buffer, taken: (error?: Error | null) => void): unknown;
}

/**
 * Writes to a stream one message at a time: what comes up while a message is on its way to the operating system gathers for
 * the next one. So the busier a stream is the larger are its messages, and an idle one sends at once. A message of grpc-js
 * costs about as much as copying 100 KiB, whatever its size.
 */
export class Sender implements PeerWriter {
  readonly #sink: Sink;
  readonly #next: () => Uint8Array | undefined;
  #scheduled = false;
  #stopped = false;
  #unsentBytes = 0;
  #idle: (() => void) | undefined;

  /** `next` makes the next message of what waits; undefined when nothing does. */
  constructor(sink: Sink, next: () => Uint8Array | undefined) {
    this.#sink = sink;
    this.#next = next;
  }

  /** Bytes of the message that the operating system, or the other side's window, has not taken yet. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** There is something to send: at the end of this turn, with whatever else comes up until then. */
  wake(): void {
    if (this.#scheduled || this.#unsentBytes > 0 || this.#stopped) return;
    this.#scheduled = true;
    // After the promises of this turn too.
    process.nextTick(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Sends what waits now. */
  flush(): void {
    if (this.#unsentBytes > 0 || this.#stopped) return;
    const message = this.#next();
    if (message === undefined) {
      this.#idle?.();
      return;
    }
    // A message of no bytes would not count as one that is on its way.
    const bytes = message.length + 1;
    this.#unsentBytes += bytes;
    this.#sink.write(asBuffer(message), () => {
      this.#unsentBytes -= bytes;
      this.flush();
    });
  }

  /** Sends what waits and then runs `done`; not if it is stopped before. */
  drain(done: () => void): void {
    this.#idle = done;
    this.flush();
  }

  /** The stream has ended. */
  stop(): void {
    this.#stopped = true;
  }
}
