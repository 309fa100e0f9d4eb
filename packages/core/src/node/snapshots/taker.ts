import type { Clock, Timer } from '../../clock.js';
import { InvalidArgumentError, NodeStoppedError, StorageError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { SnapshotWriter } from '../../storage.js';
import type { LogIndex, SnapshotMeta } from '../../types.js';
import type { SnapshotInfo } from '../api.js';
import type { Waiter } from '../waiters.js';
import { Stretch } from './stretch.js';

/** Bytes written at a stretch, before other work of the event loop gets its turn. */
const TURN_BYTES = 64 * 1024;
/** Milliseconds until a snapshot that failed is tried again; doubled each time, and left after the last until more is applied. */
const RETRY_MS = 1000;
const MAX_RETRIES = 6;

export interface TakerOptions {
  /** Infinity: never for their number, or size. */
  readonly thresholdEntries: number;
  readonly thresholdBytes: number;
}

/** A snapshot that has begun: it shows the state at `meta.index`, whenever its bytes are read. */
export interface BegunSnapshot {
  readonly meta: SnapshotMeta;
  readonly bytes: AsyncIterableIterator<Uint8Array, undefined>;
}

export interface TakerHost {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Resolves when no other snapshot is being written, with the function that lets others write. */
  reserve(): Promise<() => void>;
  /** Runs `task` when the machine applies nothing, between two batches. */
  betweenBatches(task: () => void): void;
  appliedIndex(): LogIndex;
  /** Of what is applied; to be called between two batches, and only when something is. */
  begin(): BegunSnapshot;
  createSnapshot(meta: SnapshotMeta): Promise<SnapshotWriter>;
  taken(meta: SnapshotMeta): void;
  broken(error: unknown): void;
}

/** Why one was not made. `storage`: its error is final; `room`: the disk is full; `machine`: the state machine threw. */
type Trouble = { readonly kind: 'storage' | 'room' | 'machine'; readonly error: unknown };
type Outcome = SnapshotMeta | Trouble | 'interrupted' | 'nothing';

/** Takes snapshots of the state machine, on request and after so many entries or bytes, one at a time, in the background. */
export class SnapshotTaker {
  readonly #host: TakerHost;
  readonly #options: TakerOptions;
  #callers: Waiter<SnapshotInfo>[] = [];
  #underWay: Promise<void> | undefined;
  /** The present one. */
  #latest: SnapshotMeta | undefined;
  /** Ends the step that waits for the machine. */
  #interrupt: () => void = () => {};
  #interrupted = false;
  #stopped = false;
  /** Applied since the latest snapshot. */
  #entries = 0;
  #bytes = 0;
  #failures = 0;
  #retry: Timer | undefined;

  constructor(host: TakerHost, options: TakerOptions, latest: SnapshotMeta | undefined) {
    this.#host = host;
    this.#options = options;
    this.#latest = latest;
  }

  applied(entries: number, bytes: number): void {
    this.#entries += entries;
    this.#bytes += bytes;
    if (this.#isDue && this.#retry === undefined) this.#begin();
  }

  /** A snapshot of now, or the one under way. */
  request(caller: Waiter<SnapshotInfo>): void {
    this.#callers.push(caller);
    this.#begin();
  }

  /** The present snapshot cannot be read: the next one is made even if nothing was applied since. */
  damaged(): void {
    this.#latest = undefined;
  }

  /** A leader's takes the place of what is being taken; who asked for one gets that. */
  interrupt(): void {
    this.#interrupted = true;
    this.#interrupt();
  }

  installed(meta: SnapshotMeta): void {
    this.#latest = meta;
    this.#entries = 0;
    this.#bytes = 0;
  }

  /** Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    this.interrupt();
    for (const caller of this.#callers.splice(0)) caller.reject(new NodeStoppedError('the node is stopped'));
    await this.#underWay;
  }

  get #isDue(): boolean {
    const { thresholdEntries, thresholdBytes } = this.#options;
    return this.#entries >= thresholdEntries || this.#bytes >= thresholdBytes;
  }

  #begin(): void {
    if (this.#stopped) return;
    this.#underWay ??= this.#run();
  }

  async #run(): Promise<void> {
    const release = await this.#host.reserve();
    this.#interrupted = this.#stopped;
    this.#retry?.cancel();
    this.#retry = undefined;
    const outcome = await this.#take();
    release();
    this.#underWay = undefined;
    if (!this.#stopped) this.#settle(outcome);
  }

  #settle(outcome: Outcome): void {
    if (outcome === 'nothing') {
      const error = new InvalidArgumentError('nothing is applied yet: there is nothing to take a snapshot of');
      for (const caller of this.#callers.splice(0)) caller.reject(error);
    } else if (outcome !== 'interrupted' && 'kind' in outcome) {
      this.#failed(outcome);
    } else if (outcome !== 'interrupted') {
      this.#failures = 0;
      const { index, term } = outcome;
      for (const caller of this.#callers.splice(0)) caller.resolve({ index, term });
    }
    if (this.#callers.length > 0 || (this.#isDue && this.#retry === undefined)) this.#begin();
  }

  #failed({ kind, error }: Trouble): void {
    const { logger, broken } = this.#host;
    const detail = error instanceof Error ? error.message : String(error);
    logger(kind === 'storage' ? 'error' : 'warn', `a snapshot could not be taken: ${detail}`, { error });
    for (const caller of this.#callers.splice(0)) caller.reject(error);
    if (kind === 'storage') broken(error);
    else if (this.#isDue) this.#retryLater();
  }

  #retryLater(): void {
    const { clock } = this.#host;
    const at = clock.now() + RETRY_MS * 2 ** this.#failures;
    if (++this.#failures > MAX_RETRIES) {
      this.#failures = 0;
      this.#entries = 0;
      this.#bytes = 0;
      return;
    }
    this.#retry = clock.setTimer(at, () => {
      this.#retry = undefined;
      this.#begin();
    });
  }

  async #take(): Promise<Outcome> {
    const begun = await this.#beginBetweenBatches();
    if (typeof begun === 'string' || !('bytes' in begun)) return begun;
    const [entries, bytes] = [this.#entries, this.#bytes];
    const outcome = await this.#write(begun);
    if (typeof outcome === 'string' || 'kind' in outcome) return outcome;
    this.#latest = outcome;
    this.#entries -= entries;
    this.#bytes -= bytes;
    this.#host.taken(outcome);
    return outcome;
  }

  #beginBetweenBatches(): Promise<BegunSnapshot | Outcome> {
    return new Promise((resolve) => {
      this.#interrupt = () => resolve('interrupted');
      this.#host.betweenBatches(() => resolve(this.#interrupted ? 'interrupted' : this.#beginNow()));
    });
  }

  #beginNow(): BegunSnapshot | Outcome {
    const appliedIndex = this.#host.appliedIndex();
    if (appliedIndex === 0) return 'nothing';
    if (this.#latest !== undefined && this.#latest.index >= appliedIndex) return this.#latest;
    try {
      return this.#host.begin();
    } catch (error) {
      return { kind: 'machine', error };
    }
  }

  async #write({ meta, bytes }: BegunSnapshot): Promise<Outcome> {
    let step: 'storage' | 'machine' = 'storage';
    let writer: SnapshotWriter | undefined;
    try {
      writer = await this.#host.createSnapshot(meta);
      for (const stretch = new Stretch(this.#host.clock, TURN_BYTES); ;) {
        step = 'machine';
        const next = this.#interrupted ? undefined : await this.#nextOf(bytes);
        step = 'storage';
        if (next === undefined || this.#interrupted) {
          await writer.abort();
          return 'interrupted';
        }
        if (next.done === true) break;
        await writer.write(next.value);
        await stretch.worked(next.value.length);
      }
      await writer.commit();
      return meta;
    } catch (error) {
      await this.#abort(writer);
      const isFull = error instanceof StorageError && error.code === 'RAFT_STORAGE_FULL';
      return { kind: step === 'storage' && isFull ? 'room' : step, error };
    } finally {
      bytes
        .return?.()
        .catch((error: unknown) => this.#host.logger('warn', 'the machine did not end its snapshot', { error }));
    }
  }

  async #abort(writer: SnapshotWriter | undefined): Promise<void> {
    try {
      await writer?.abort();
    } catch (error) {
      this.#host.logger('warn', 'a partial snapshot could not be removed', { error });
    }
  }

  /** Undefined: interrupted; a machine that never answers must not keep others from writing. */
  #nextOf(bytes: BegunSnapshot['bytes']): Promise<IteratorResult<Uint8Array, undefined> | undefined> {
    return new Promise((resolve, reject) => {
      this.#interrupt = () => resolve(undefined);
      bytes.next().then(resolve, reject);
    });
  }
}
