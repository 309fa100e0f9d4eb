import type { Clock, Timer } from '../../clock.js';
import { StorageError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { InstallSnapshot, InstallSnapshotResponse } from '../../messages.js';
import type { SnapshotWriter } from '../../storage.js';
import type { LogIndex, NodeId, SnapshotMeta, Term } from '../../types.js';
import { crc32 } from './crc32.js';
import { FrameCheck } from './frame-check.js';
import { VERSION } from './framing.js';

/** Pieces that wait to be written; a leader has fewer under way, so more are dropped. */
const MAX_WAITING = 16;

export interface ReceiverHost {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The first index that a snapshot must cover to be of use here; an earlier one is refused. */
  neededIndex(): LogIndex;
  /** Resolves when no other snapshot is being written, with the function that lets others write. */
  reserve(): Promise<() => void>;
  createSnapshot(meta: SnapshotMeta): Promise<SnapshotWriter>;
  answer(piece: InstallSnapshot, answer: Pick<InstallSnapshotResponse, 'offset' | 'outcome' | 'index'>): void;
  /** The snapshot is durable: brings log and machine to where it is. Does not reject; false: it cannot be read back, send it again. */
  install(meta: SnapshotMeta): Promise<boolean>;
  broken(error: unknown): void;
}

interface Incoming {
  readonly leader: NodeId;
  readonly term: Term;
  readonly streamId: number;
  readonly writer: SnapshotWriter;
  readonly release: () => void;
  readonly check: FrameCheck;
  written: number;
}

/** Writes the snapshot that a leader sends, piece by piece, in order; it is visible only once it is whole. */
export class SnapshotReceiver {
  readonly #host: ReceiverHost;
  readonly #idleMs: number;
  #waiting: InstallSnapshot[] = [];
  #incoming: Incoming | undefined;
  /** The latest that is whole. */
  #whole: { readonly piece: InstallSnapshot; readonly size: number; installed: boolean } | undefined;
  #work: Promise<void> | undefined;
  /** Counts what makes the pieces under way worthless. */
  #epoch = 0;
  /** Up to here the partial snapshots have been removed. */
  #cleared = 0;
  #stopped = false;
  #idle: Timer | undefined;

  /** `idleMs`: milliseconds without a piece after which a partial snapshot is removed. */
  constructor(host: ReceiverHost, idleMs: number) {
    this.#host = host;
    this.#idleMs = idleMs;
  }

  receive(pieces: readonly InstallSnapshot[]): void {
    for (const piece of pieces) {
      if (this.#stopped) return;
      const whole = this.#whole;
      if (isSameStream(piece, whole?.piece)) this.#answerWhole(piece);
      // Another one has to wait until this one is installed.
      else if (whole?.installed === false) this.#answer(piece, 0);
      else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(piece);
    }
    // With nothing to write it would end before it is remembered, and be remembered for ever.
    if (this.#waiting.length > 0) this.#work ??= this.#drain();
  }

  /** A partial snapshot of an earlier term is given up: its leader leads no more. One that is only out of reach may go on. */
  termIs(term: Term): void {
    const present = this.#incoming ?? this.#waiting[0];
    if (present === undefined || present.term === term) return;
    this.#waiting = [];
    this.#giveUp();
  }

  /** Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting = [];
    this.#giveUp();
    await this.#work;
  }

  #giveUp(): void {
    this.#epoch++;
    this.#work ??= this.#drain();
  }

  async #drain(): Promise<void> {
    for (;;) {
      if (this.#cleared < this.#epoch) {
        this.#cleared = this.#epoch;
        await this.#abort();
        continue;
      }
      const piece = this.#waiting.shift();
      if (piece === undefined) break;
      await this.#take(piece, this.#cleared);
    }
    this.#work = undefined;
    if (this.#incoming !== undefined) this.#armIdle();
  }

  async #take(piece: InstallSnapshot, epoch: number): Promise<void> {
    try {
      await this.#write(piece, epoch);
    } catch (error) {
      await this.#abort();
      if (!(error instanceof StorageError) || error.code !== 'RAFT_STORAGE_FULL') return this.#host.broken(error);
      this.#host.logger('warn', `no room for the snapshot from ${piece.from}: ${error.message}`, { error });
      this.#answer(piece, 0, 'refused');
    }
  }

  async #write(piece: InstallSnapshot, epoch: number): Promise<void> {
    const { logger, neededIndex } = this.#host;
    this.#idle?.cancel();
    if (crc32(piece.data) !== piece.checksum) {
      logger(
        'warn',
        `a piece of the snapshot from ${piece.from} is damaged at offset ${piece.offset}: asked for again`,
      );
      return this.#answer(piece, isSameStream(piece, this.#incoming) ? (this.#incoming?.written ?? 0) : 0);
    }
    if (!isSameStream(piece, this.#incoming)) {
      await this.#abort();
      if (piece.snapshot.index < neededIndex()) return this.#answer(piece, 0, 'refused', neededIndex());
      if (piece.offset === 0) await this.#begin(piece, epoch);
    }
    const incoming = this.#incoming;
    if (incoming?.written !== piece.offset) return this.#answer(piece, incoming?.written ?? 0);
    await incoming.writer.write(piece.data);
    incoming.check.add(piece.data);
    incoming.written += piece.data.length;
    if (epoch !== this.#epoch) return;
    if (piece.done) await this.#finish(piece, incoming);
    else this.#answer(piece, incoming.written);
  }

  async #begin(piece: InstallSnapshot, epoch: number): Promise<void> {
    const release = await this.#host.reserve();
    let writer: SnapshotWriter | undefined;
    try {
      if (epoch === this.#epoch) writer = await this.#host.createSnapshot(piece.snapshot);
    } finally {
      if (writer === undefined) release();
    }
    if (writer === undefined) return;
    const { from: leader, term, streamId } = piece;
    this.#incoming = { leader, term, streamId, writer, release, check: new FrameCheck(), written: 0 };
    this.#host.logger('info', `a snapshot comes from ${leader}`, { index: piece.snapshot.index });
  }

  /** What is committed is whole and true whoever leads by then, so its installation goes to its end. */
  async #finish(piece: InstallSnapshot, incoming: Incoming): Promise<void> {
    if (!incoming.check.isWhole) return this.#refuseDamaged(piece, incoming.check.foreignVersion);
    await incoming.writer.commit();
    this.#incoming = undefined;
    const whole = { piece, size: incoming.written, installed: false };
    this.#whole = whole;
    try {
      whole.installed = await this.#host.install(piece.snapshot);
    } finally {
      incoming.release();
    }
    if (whole.installed) return this.#answerWhole(piece);
    this.#whole = undefined;
    this.#answer(piece, 0, 'refused');
  }

  /** Before it takes the place of the present one: its leader read it as it is, so it has to make another. */
  async #refuseDamaged(piece: InstallSnapshot, foreignVersion: number | undefined): Promise<void> {
    const { logger } = this.#host;
    await this.#abort();
    const why =
      foreignVersion === undefined
        ? 'is not what was written: its checksum differs'
        : `has format ${foreignVersion}, and this version reads ${VERSION}: use the version that wrote it`;
    logger('error', `the snapshot from ${piece.from} ${why}`, { index: piece.snapshot.index });
    this.#answer(piece, 0, foreignVersion === undefined ? 'damaged' : 'refused');
  }

  #answerWhole(piece: InstallSnapshot): void {
    const { size, installed } = this.#whole as { size: number; installed: boolean };
    this.#answer(piece, size, installed ? 'installed' : 'continue');
  }

  async #abort(): Promise<void> {
    const incoming = this.#incoming;
    this.#idle?.cancel();
    if (incoming === undefined) return;
    this.#incoming = undefined;
    try {
      await incoming.writer.abort();
    } catch (error) {
      this.#host.logger('warn', 'a partial snapshot could not be removed', { error });
    } finally {
      incoming.release();
    }
  }

  #armIdle(): void {
    const { clock } = this.#host;
    this.#idle?.cancel();
    this.#idle = clock.setTimer(clock.now() + this.#idleMs, () => this.#giveUp());
  }

  #answer(
    piece: InstallSnapshot,
    offset: number,
    outcome: InstallSnapshotResponse['outcome'] = 'continue',
    index: LogIndex = piece.snapshot.index,
  ): void {
    if (!this.#stopped) this.#host.answer(piece, { offset, outcome, index });
  }
}

function isSameStream(piece: InstallSnapshot, other: Incoming | InstallSnapshot | undefined): boolean {
  if (other === undefined) return false;
  const leader = 'leader' in other ? other.leader : other.from;
  return leader === piece.from && other.term === piece.term && other.streamId === piece.streamId;
}
