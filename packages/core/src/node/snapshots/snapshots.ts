import type { Effects } from '../../consensus/effects.js';
import type { Raft } from '../../consensus/raft.js';
import type { InitialState } from '../../consensus/state.js';
import { StorageError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { Message } from '../../messages.js';
import type { StateMachine } from '../../state-machine.js';
import type { Storage } from '../../storage.js';
import type { LogIndex, NodeId, SnapshotMeta } from '../../types.js';
import type { NodeEvents, SnapshotInfo } from '../api.js';
import type { Applier } from '../applier.js';
import { encodeSessions } from '../sessions/snapshot.js';
import type { Waiter } from '../waiters.js';
import { frameSnapshot } from './framing.js';
import { SnapshotReceiver } from './receiver.js';
import { isDamage, restoreSnapshot } from './restore.js';
import type { Restorable } from './restore.js';
import { SnapshotSender } from './sender.js';
import type { SenderOptions } from './sender.js';
import { SnapshotTaker } from './taker.js';
import type { BegunSnapshot, TakerOptions } from './taker.js';
import { Turns } from './turns.js';

export interface SnapshotOptions extends TakerOptions, SenderOptions {
  /** Milliseconds without a piece after which a partly received snapshot is removed. */
  readonly idleMs: number;
}

export interface SnapshotsHost extends Restorable {
  readonly logger: Logger;
  readonly storage: Storage;
  readonly raft: Raft;
  readonly applier: Pick<Applier<never, never>, 'appliedIndex' | 'betweenBatches' | 'pause' | 'resume'>;
  readonly machine: Pick<StateMachine, 'snapshot' | 'restore'>;
  /** Has `task` done in the next turn, in the order of the calls. */
  enter(task: (now: number) => void): void;
  send(message: Message): void;
  /** The machine shows `index` now, without having been given the entries before it. */
  skippedTo(index: LogIndex): void;
  emit(event: NodeEvents['snapshot']): void;
  fail(what: string, error: unknown): void;
}

/** Everything about this node's snapshots: taking them, sending them, and installing those of a leader. */
export class Snapshots {
  readonly #host: SnapshotsHost;
  readonly #writing = new Turns();
  readonly #taker: SnapshotTaker;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  #latest: SnapshotMeta | undefined;
  #restoring: Promise<void> | undefined;
  #restored: () => void = () => {};
  #stopped = false;
  #endWaits: () => void = () => {};
  readonly #stopping: Promise<void> = new Promise((resolve) => (this.#endWaits = resolve));

  constructor(host: SnapshotsHost, options: SnapshotOptions, { snapshot, needsSnapshot }: InitialState) {
    this.#host = host;
    this.#latest = snapshot;
    if (needsSnapshot === true) this.#hideMachine();
    const { clock, logger, storage, raft } = host;
    const broken = (error: unknown): void => host.fail('the storage failed', error);
    this.#taker = new SnapshotTaker(
      {
        clock,
        logger,
        broken,
        reserve: () => this.#writing.take(),
        betweenBatches: (task) => host.applier.betweenBatches(task),
        appliedIndex: () => (this.#restoring === undefined ? host.applier.appliedIndex : 0),
        begin: () => this.#begin(),
        createSnapshot: (meta) => storage.createSnapshot(meta),
        taken: (meta) => this.#taken(meta),
      },
      options,
      snapshot,
    );
    this.#sender = new SnapshotSender(
      {
        clock,
        logger,
        broken,
        openSnapshot: () => storage.openSnapshot(),
        takeSnapshot: (damaged) => this.#take(damaged),
        send: (peer, term, piece) => {
          const message = this.#stopped ? undefined : raft.snapshotPiece(peer, term, piece);
          if (message !== undefined) host.send(message);
          return message !== undefined;
        },
        failed: (peer, why) => host.enter((now) => raft.snapshotFailed(peer, now, why)),
        handOver: () => host.enter((now) => raft.snapshotUnavailable(now)),
      },
      options,
    );
    this.#receiver = new SnapshotReceiver(
      {
        clock,
        logger,
        broken,
        neededIndex: () => this.#latest?.index ?? 0,
        reserve: () => {
          this.#taker.interrupt();
          return this.#writing.take();
        },
        createSnapshot: (meta) => storage.createSnapshot(meta),
        answer: ({ from, term, streamId }, answer) =>
          host.enter((now) => raft.chunkReceived({ to: from, term, streamId, ...answer }, now)),
        install: (meta) => this.#install(meta),
      },
      options.idleMs,
    );
  }

  get latestIndex(): LogIndex {
    return this.#latest?.index ?? 0;
  }

  /** Set while the machine's state is being replaced, or waits to be, so that nobody should look at it. */
  get restoring(): Promise<void> | undefined {
    return this.#restoring;
  }

  execute({ compactTo, snapshotsToSend, snapshotAcks, chunks }: Effects): void {
    const { raft } = this.#host;
    this.#sender.retain(raft.role === 'leader' ? raft.term : undefined, raft.progress);
    this.#receiver.termIs(raft.term);
    for (const { peer, term } of snapshotsToSend) this.#sender.start(peer, term);
    for (const ack of snapshotAcks) this.#sender.answered(ack);
    if (chunks.length > 0) this.#receiver.receive(chunks);
    if (compactTo !== undefined) this.#compact(compactTo);
  }

  applied(entries: number, bytes: number): void {
    this.#taker.applied(entries, bytes);
  }

  request(caller: Waiter<SnapshotInfo>): void {
    this.#taker.request(caller);
  }

  /** Bytes of a snapshot that the follower has got; undefined when none is on its way. */
  sentBytes(peer: NodeId): number | undefined {
    return this.#sender.sentBytes(peer);
  }

  /** Resolves when the storage is not used any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endWaits();
    await Promise.all([this.#taker.stop(), this.#sender.stop(), this.#receiver.stop()]);
  }

  #begin(): BegunSnapshot {
    const { raft, applier, machine, sessions } = this.#host;
    const index = applier.appliedIndex;
    const term = raft.termAt(index);
    if (term === undefined) throw new Error(`the log has no entry ${index}, which is applied`);
    const { configuration, index: configurationIndex } = raft.configurationAt(index);
    const bytes = frameSnapshot(encodeSessions(sessions), machine.snapshot());
    return { meta: { index, term, configuration, configurationIndex }, bytes };
  }

  #taken(meta: SnapshotMeta): void {
    const { raft, enter, emit } = this.#host;
    this.#latest = meta;
    enter((now) => raft.snapshotTaken(meta, now));
    emit({ index: meta.index, term: meta.term, source: 'taken' });
  }

  #take(damaged: boolean): Promise<unknown> {
    if (damaged) this.#taker.damaged();
    return new Promise((resolve, reject) => this.#taker.request({ resolve, reject }));
  }

  /** What is not gone yet is asked for again at the next compaction. */
  #compact(through: LogIndex): void {
    const { storage, logger, fail } = this.#host;
    storage.compact(through).catch((error: unknown) => {
      const isFull = error instanceof StorageError && error.code === 'RAFT_STORAGE_FULL';
      if (isFull) logger('warn', `no room to compact the log: ${error.message}`, { error });
      else if (!this.#stopped) fail('the storage failed', error);
    });
  }

  /** Until a snapshot has been restored the machine shows nothing that is true: nothing is applied, and no query answered. */
  #hideMachine(): void {
    void this.#host.applier.pause();
    this.#restoring ??= new Promise((resolve) => (this.#restored = resolve));
  }

  #showMachine(): void {
    this.#restoring = undefined;
    this.#restored();
  }

  async #install(meta: SnapshotMeta): Promise<boolean> {
    const { applier, raft, enter, emit, skippedTo } = this.#host;
    try {
      await applier.pause();
      if (this.#stopped) return false;
      const isNews = applier.appliedIndex < meta.index;
      // A machine that never ends must not keep the node from stopping.
      if (isNews) await Promise.race([this.#restore(), this.#stopping]);
      if (this.#stopped) return false;
      this.#latest = meta;
      this.#taker.installed(meta);
      enter((now) => {
        raft.snapshotInstalled(meta, now);
        applier.resume(meta.index);
        if (isNews) skippedTo(meta.index);
        emit({ index: meta.index, term: meta.term, source: 'installed' });
      });
      return true;
    } catch (error) {
      if (!this.#stopped) this.#notInstalled(meta, error);
      return false;
    }
  }

  /**
   * What was whole when it came has been damaged since, on this disk. The one before is gone and the machine may hold a part of this one, so
   * it stays hidden until another has come. The log is as it was: it is dropped only for a snapshot that was restored.
   */
  #notInstalled(meta: SnapshotMeta, error: unknown): void {
    const { logger, fail, enter, raft } = this.#host;
    if (!isDamage(error)) return fail('restoring the snapshot failed', error);
    logger('error', `the leader's snapshot cannot be read back, and is asked for again: ${error.message}`, { error });
    this.#latest = meta;
    enter((now) => raft.snapshotDamaged(now));
  }

  async #restore(): Promise<void> {
    this.#hideMachine();
    await restoreSnapshot(this.#host.storage, this.#host);
    this.#showMachine();
  }
}
