import type { Clock } from '../../clock.js';
import { StorageError } from '../../errors.js';
import type { InstallSnapshotResponse } from '../../messages.js';
import type { SnapshotReader } from '../../storage.js';
import { inPieces } from './framing.js';
import type { Pace } from './pace.js';

/** Pieces under way that are not acknowledged. */
const WINDOW = 4;
/** How often in a row a piece is sent again without an answer, or without getting on, before the stream is given up. */
const MAX_REPEATS = 10;

export interface StreamOptions {
  readonly clock: Clock;
  readonly reader: SnapshotReader;
  readonly pieceBytes: number;
  /** Milliseconds without an answer after which what is unacknowledged is sent again. */
  readonly silenceMs: number;
  readonly pace: Pace;
  send(piece: Piece): void;
}

export interface Piece {
  readonly offset: number;
  readonly data: Uint8Array;
  /** The last one. */
  readonly done: boolean;
}

export type StreamEnd = 'installed' | 'refused' | 'damaged' | 'silent' | 'cancelled';

export type StreamAnswer = Pick<InstallSnapshotResponse, 'offset' | 'outcome'>;

/**
 * One snapshot on its way to one follower: a few pieces ahead of the answers. The follower's answer names the byte that it
 * wants next, so what was lost, and what a follower forgot in a restart, is sent again from there and from nowhere earlier.
 */
export class SnapshotStream {
  readonly #options: StreamOptions;
  /** The next byte to send, and the next that the follower wants. */
  sent = 0;
  acked = 0;
  /** Reading starts anew at `acked`. */
  #goBack = false;
  /** Where it last went back to: pieces that were under way then are answered with the same offset, and mean nothing new. */
  #wentBackTo = -1;
  #repeats = 0;
  #heardAt = 0;
  #end: StreamEnd | undefined;
  #wake: () => void = () => {};

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Sends until the follower has installed it, or it has to be given up. Throws what the reader throws. */
  async run(): Promise<StreamEnd> {
    while (this.#end === undefined) {
      this.#goBack = false;
      await this.#sendFrom(this.acked);
      while (this.#end === undefined && !this.#goBack) await this.#pause(Number.POSITIVE_INFINITY);
    }
    return this.#end;
  }

  answered({ offset, outcome }: StreamAnswer): void {
    const { clock, reader } = this.#options;
    if (offset > reader.size) return;
    this.#heardAt = clock.now();
    if (outcome !== 'continue') this.#finish(outcome);
    else if (offset > this.acked) this.#advance(offset);
    else if (offset < this.acked || (this.sent > offset && this.#wentBackTo !== offset)) this.#return(offset);
    // A follower that has everything and is installing it says so as long as it takes.
    else if (offset === reader.size) this.#repeats = 0;
    this.#wake();
  }

  cancel(): void {
    this.#finish('cancelled');
    this.#wake();
  }

  #advance(offset: number): void {
    this.#repeats = 0;
    this.acked = offset;
    // It had this already, from an earlier attempt.
    if (offset > this.sent) this.#goBack = true;
  }

  #return(offset: number): void {
    this.acked = offset;
    this.#goBack = true;
    this.#wentBackTo = offset;
    if (++this.#repeats > MAX_REPEATS) this.#finish('silent');
  }

  #finish(end: StreamEnd): void {
    this.#end ??= end;
  }

  async #sendFrom(offset: number): Promise<void> {
    const { clock, reader, pieceBytes, pace, send } = this.#options;
    // One that has all is asked with the last byte whether it is done.
    this.sent = Math.min(offset, reader.size - 1);
    for await (const data of inPieces(reader.chunks(this.sent), pieceBytes)) {
      if (!(await this.#hasRoom())) return;
      const start = this.sent;
      this.sent += data.length;
      if (start <= this.acked) this.#heardAt = clock.now();
      pace.spend(data.length, clock.now());
      send({ offset: start, data, done: this.sent === reader.size });
    }
    if (this.sent === reader.size) return;
    throw new StorageError('RAFT_STORAGE_CORRUPT', `the snapshot has ${this.sent} bytes instead of ${reader.size}`);
  }

  /** False: the stream has ended, or goes on elsewhere. */
  async #hasRoom(): Promise<boolean> {
    const { clock, pieceBytes, pace } = this.#options;
    while (this.#end === undefined && !this.#goBack) {
      const windowIsOpen = this.sent - this.acked < WINDOW * pieceBytes;
      if (windowIsOpen && pace.freeAt <= clock.now()) return true;
      await this.#pause(windowIsOpen ? pace.freeAt : Number.POSITIVE_INFINITY);
    }
    return false;
  }

  /** Until something happens, or the time comes; an answer that is overdue makes the stream go back. */
  async #pause(until: number): Promise<void> {
    const { clock } = this.#options;
    const at = Math.min(until, this.#overdueAt);
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        timer?.cancel();
        this.#wake = () => {};
        resolve();
      };
      const timer = at === Number.POSITIVE_INFINITY ? undefined : clock.setTimer(at, wake);
      this.#wake = wake;
    });
    if (this.#end !== undefined || this.#goBack || clock.now() < this.#overdueAt) return;
    this.#heardAt = clock.now();
    this.#return(this.acked);
  }

  /** When an answer has been waited for too long. */
  get #overdueAt(): number {
    const { reader, silenceMs } = this.#options;
    const waits = this.sent > this.acked || this.sent === reader.size;
    return waits ? this.#heardAt + silenceMs : Number.POSITIVE_INFINITY;
  }
}
