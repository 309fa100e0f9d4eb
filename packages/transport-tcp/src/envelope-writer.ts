import type { EnvelopeQueue, PeerWriter } from '@raft/proto/transport';
import type { Connection } from './connection.js';
import { FrameKind } from './frame.js';

/**
 * Writes what waits for a peer to its connection: all of it at the end of a turn, but for pieces of snapshots, of which the next
 * one is written when the operating system has taken the one before. So no message stands behind more than one piece.
 */
export class EnvelopeWriter implements PeerWriter {
  readonly #connection: Connection;
  readonly #queue: EnvelopeQueue;
  #flushing = false;
  #pieceUnderWay = false;
  #stopped = false;

  constructor(connection: Connection, queue: EnvelopeQueue) {
    this.#connection = connection;
    this.#queue = queue;
  }

  get unsentBytes(): number {
    return this.#connection.unsentBytes;
  }

  wake(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    // After the promises of this turn too: whatever they send goes with it.
    process.nextTick(() => this.flush());
  }

  flush(): void {
    this.#flushing = false;
    if (this.#stopped || this.#queue.bytes === 0) return;
    this.#connection.together(() => {
      for (let envelope = this.#queue.take(); envelope !== undefined; envelope = this.#queue.take()) {
        this.#connection.write(FrameKind.envelope, envelope);
      }
      this.#writePiece();
    });
  }

  drain(done: () => void): void {
    this.flush();
    done();
  }

  stop(): void {
    this.#stopped = true;
  }

  #writePiece(): void {
    if (this.#pieceUnderWay) return;
    const envelope = this.#queue.takePiece();
    if (envelope === undefined) return;
    this.#pieceUnderWay = true;
    this.#connection.write(FrameKind.envelope, envelope, () => {
      this.#pieceUnderWay = false;
      this.flush();
    });
  }
}
