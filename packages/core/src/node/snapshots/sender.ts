import type { Clock } from '../../clock.js';
import { StorageError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { SnapshotPiece } from '../../consensus/snapshot.js';
import type { InstallSnapshotResponse } from '../../messages.js';
import type { SnapshotReader } from '../../storage.js';
import type { NodeId, SnapshotMeta, Term } from '../../types.js';
import { crc32 } from './crc32.js';
import { Pace } from './pace.js';
import { SnapshotStream } from './stream.js';
import type { StreamEnd } from './stream.js';
import { isDamage } from './restore.js';

/** How often in a row a damaged snapshot is replaced for one follower, at once; later only after a pause. */
const MAX_REPLACEMENTS = 3;

export interface SenderOptions {
  readonly pieceBytes: number;
  readonly maxStreams: number;
  /** Infinity: no limit. */
  readonly bytesPerSecond: number;
  readonly silenceMs: number;
}

export interface SenderHost {
  readonly clock: Clock;
  readonly logger: Logger;
  openSnapshot(): Promise<SnapshotReader | undefined>;
  /** Takes a snapshot of what is applied here, unless the present one shows just that and is not `damaged`. */
  takeSnapshot(damaged: boolean): Promise<unknown>;
  /** Sends a piece; false when the consensus wants no more of them. */
  send(peer: NodeId, term: Term, piece: SnapshotPiece): boolean;
  /** The follower did not get it; the consensus tries again after a while, and after longer ones when it is refused time and again. */
  failed(peer: NodeId, why: 'silent' | 'refused'): void;
  /** This node cannot make a good snapshot: another one is to lead, if there is one that can. */
  handOver(): void;
  broken(error: StorageError): void;
}

interface Job {
  readonly peer: NodeId;
  readonly term: Term;
  streamId: number;
  meta: SnapshotMeta | undefined;
  stream: SnapshotStream | undefined;
  cancelled: boolean;
  /** Another was asked for while this one was on its way: what it brought was not enough. */
  askedAgain: boolean;
}

type End = StreamEnd | 'none';

/** Sends the leader's snapshot to followers that need it: one stream for each, a few at a time, the others in line. */
export class SnapshotSender {
  readonly #host: SenderHost;
  readonly #options: SenderOptions;
  readonly #pace: Pace;
  readonly #jobs = new Map<NodeId, Job>();
  readonly #running = new Map<Job, Promise<void>>();
  /** Followers keep what they got of a stream, so the same data have the same number in every attempt. */
  #streamId = 0;
  #streamMeta: SnapshotMeta | undefined;

  constructor(host: SenderHost, options: SenderOptions) {
    this.#host = host;
    this.#options = options;
    this.#pace = new Pace(options.bytesPerSecond);
  }

  /** Nothing happens when one is on its way to that follower already. */
  start(peer: NodeId, term: Term): void {
    const present = this.#jobs.get(peer);
    if (present?.term === term) {
      present.askedAgain = true;
      return;
    }
    if (present !== undefined) this.#cancel(present);
    this.#jobs.set(peer, {
      peer,
      term,
      streamId: 0,
      meta: undefined,
      stream: undefined,
      cancelled: false,
      askedAgain: false,
    });
    this.#next();
  }

  answered(answer: InstallSnapshotResponse): void {
    const job = this.#jobs.get(answer.from);
    if (job?.meta === undefined || job.term !== answer.term || job.streamId !== answer.streamId) return;
    job.stream?.answered(answer);
    // One that names a later index has compacted its log up to there; the other pieces are refused in the same way.
    if (answer.outcome !== 'refused' || answer.index <= job.meta.index) return;
    job.meta = undefined;
    void this.#take(false);
  }

  /** What is on its way for an earlier term, or to others than these, is given up; undefined: this node does not lead. */
  retain(term: Term | undefined, peers: ReadonlyMap<NodeId, unknown>): void {
    for (const job of this.#jobs.values()) if (job.term !== term || !peers.has(job.peer)) this.#cancel(job);
  }

  /** Bytes that the follower has acknowledged; undefined when nothing is on its way to it. */
  sentBytes(peer: NodeId): number | undefined {
    return this.#jobs.get(peer)?.stream?.acked;
  }

  /** Resolves when nothing is read from the storage any more. */
  async stop(): Promise<void> {
    for (const job of this.#jobs.values()) this.#cancel(job);
    await Promise.all(this.#running.values());
  }

  #cancel(job: Job): void {
    job.cancelled = true;
    job.stream?.cancel();
    this.#jobs.delete(job.peer);
  }

  #next(): void {
    for (const job of this.#jobs.values()) {
      if (this.#running.size >= this.#options.maxStreams) return;
      if (!this.#running.has(job)) this.#running.set(job, this.#serve(job));
    }
  }

  async #serve(job: Job): Promise<void> {
    const { logger } = this.#host;
    try {
      const end = await this.#sendGood(job);
      if (job.cancelled) return;
      logger('info', `the snapshot for ${job.peer} ended: ${end}`, { index: job.meta?.index });
      if (end === 'refused' || end === 'damaged') this.#host.failed(job.peer, 'refused');
      else if (end !== 'installed' || job.askedAgain) this.#host.failed(job.peer, 'silent');
    } catch (error) {
      if (!job.cancelled) this.#broken(error);
    } finally {
      this.#running.delete(job);
      if (this.#jobs.get(job.peer) === job) this.#jobs.delete(job.peer);
      this.#next();
    }
  }

  #broken(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    this.#host.broken(
      error instanceof StorageError ? error : new StorageError('RAFT_STORAGE_IO', detail, { cause: error }),
    );
  }

  /** A damaged snapshot is no reason to stop: this node makes another of its own state, or leaves it to one that can. */
  async #sendGood(job: Job): Promise<End> {
    for (let replaced = 0; ; replaced++) {
      const end = await this.#send(job).catch((error: unknown) => {
        if (isDamage(error)) return error;
        throw error;
      });
      if (end !== 'damaged' && !isDamage(end)) return end;
      if (job.cancelled) return 'cancelled';
      const why = isDamage(end) ? end.message : `${job.peer} found that it is not what was written`;
      this.#host.logger('error', `the snapshot cannot be sent to ${job.peer}, another is taken: ${why}`);
      if (replaced < MAX_REPLACEMENTS && (await this.#replace())) continue;
      if (job.cancelled) return 'cancelled';
      this.#host.logger('error', 'no good snapshot can be taken here: the leadership is handed over, if another can');
      this.#host.handOver();
      return 'damaged';
    }
  }

  async #replace(): Promise<boolean> {
    // Nothing of the damaged one may be taken for a part of the next, though it may have the same index.
    this.#streamMeta = undefined;
    return this.#take(true);
  }

  async #send(job: Job): Promise<End> {
    let reader = await this.#host.openSnapshot();
    if (reader === undefined && !job.cancelled) {
      await this.#take(false);
      reader = await this.#host.openSnapshot();
    }
    if (reader === undefined) return 'none';
    try {
      return job.cancelled ? 'cancelled' : await this.#stream(job, reader);
    } finally {
      await reader.close();
    }
  }

  #stream(job: Job, reader: SnapshotReader): Promise<End> {
    const { clock, send } = this.#host;
    const { pieceBytes, silenceMs } = this.#options;
    job.meta = reader.meta;
    job.streamId = this.#streamIdOf(reader.meta);
    job.stream = new SnapshotStream({
      ...{ clock, reader, pieceBytes, silenceMs, pace: this.#pace },
      send: (piece) => {
        const whole = { ...piece, snapshot: reader.meta, streamId: job.streamId, checksum: crc32(piece.data) };
        if (!send(job.peer, job.term, whole)) job.stream?.cancel();
      },
    });
    return job.stream.run();
  }

  #streamIdOf({ index, term }: SnapshotMeta): number {
    const same = this.#streamMeta?.index === index && this.#streamMeta.term === term;
    if (!same) this.#streamId++;
    this.#streamMeta = { index, term } as SnapshotMeta;
    return this.#streamId;
  }

  /** False: it failed, which is told by whoever takes it. */
  async #take(damaged: boolean): Promise<boolean> {
    return this.#host.takeSnapshot(damaged).then(
      () => true,
      () => false,
    );
  }
}
