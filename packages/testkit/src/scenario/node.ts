import type { Entry, InstallSnapshot, LogBatch, LogIndex, Message, NodeId, SnapshotMeta } from '@raft/core';
import { Raft } from '@raft/core/consensus';
import type { Effects, RaftOptions } from '@raft/core/consensus';
import { EntryType } from '@raft/core';
import { decodeConfiguration } from '@raft/core/consensus';
import { Content } from '../simulator/content.js';

/** What a script calls the kinds of messages. */
const kinds: Readonly<Record<Message['type'], string>> = {
  requestVote: 'vote',
  requestVoteResponse: 'voted',
  appendEntries: 'append',
  appendEntriesResponse: 'appended',
  installSnapshot: 'snapshot',
  installSnapshotResponse: 'installed',
  timeoutNow: 'timeoutNow',
  readIndex: 'readIndex',
  readIndexResponse: 'readAnswer',
  propose: 'forward',
  proposeResponse: 'forwarded',
};

export function kindOf(message: Message): string {
  const kind = kinds[message.type];
  const isPreVote = (message.type === 'requestVote' || message.type === 'requestVoteResponse') && message.preVote;
  return isPreVote ? (kind === 'vote' ? 'preVote' : 'preVoted') : kind;
}

interface Write {
  readonly sequence: number;
  readonly batch: LogBatch;
}

/** The disk of a scripted node: it is as quick as the script lets it. */
export class ScriptedDisk {
  storeId: string;
  durable: Content = new Content();
  unsynced: Write[] = [];
  isFrozen = false;
  isFull = false;

  constructor(storeId: string) {
    this.storeId = storeId;
  }

  /** Of the writes that were not durable the oldest `kept` are found again. */
  crash(kept: number): void {
    for (const { batch } of this.unsynced.slice(0, kept)) this.durable.append(batch);
    this.unsynced = [];
  }
}

/** One life of a scripted node: does with {@link Raft} what the node's shell does, a turn at a time. */
export class ScriptedNode {
  readonly id: NodeId;
  readonly disk: ScriptedDisk;
  readonly raft: Raft;
  /** The commands that its state machine was given, also by a snapshot. */
  applied: string[] = [];
  appliedIndex: LogIndex = 0;
  #stream: { readonly key: string; offset: number; readonly parts: Uint8Array[] } | undefined;

  constructor(options: RaftOptions, disk: ScriptedDisk, now: number) {
    this.id = options.id;
    this.disk = disk;
    const { hardState, base, lastIndex, entries, snapshot } = disk.durable;
    if (snapshot !== undefined) this.#restore(snapshot.meta.index, snapshot.chunks);
    const configurations = entries
      .filter((entry) => entry.type === EntryType.configuration && entry.index > this.appliedIndex)
      .map(({ index, data }) => ({ index, configuration: decodeConfiguration(data) }));
    const meta = snapshot?.meta;
    const first = meta === undefined ? [] : [{ index: meta.configurationIndex, configuration: meta.configuration }];
    this.raft = new Raft(
      options,
      {
        hardState: { ...hardState, commitIndex: Math.max(hardState.commitIndex, meta?.index ?? 0) },
        firstIndex: base.index + 1,
        lastIndex,
        terms: disk.durable.terms(),
        configurations: [...first, ...configurations],
        snapshot: meta,
      },
      now,
    );
  }

  /** Flushes once, carries out what is this node's own, and gives the rest. */
  turn(now: number): Effects {
    const effects = this.raft.flush(now);
    if (effects.write !== undefined) this.disk.unsynced.push(effects.write);
    if (effects.compactTo !== undefined) this.disk.durable.compact(effects.compactTo);
    for (const request of effects.loads) {
      const entries: Entry[] = [];
      for (let index = request.from; index <= request.to; index++) {
        const entry = this.disk.durable.entry(index);
        if (entry !== undefined) entries.push(entry);
      }
      this.raft.entriesLoaded(request, entries, now);
    }
    for (const piece of effects.chunks) this.#take(piece, now);
    this.#apply();
    return effects;
  }

  /** Makes the oldest write durable, or refuses it, and tells the consensus; false when there is none. */
  sync(now: number): boolean {
    const write = this.disk.unsynced.shift();
    if (write === undefined) return false;
    const { entries, truncateFrom, resetTo } = write.batch;
    if (this.disk.isFull && (entries.length > 0 || truncateFrom !== undefined || resetTo !== undefined)) {
      // Those behind it are refused with it.
      this.disk.unsynced = [];
      this.raft.storageFull(write.sequence, now);
      return true;
    }
    this.disk.durable.append(write.batch);
    this.raft.persisted(write.sequence, now);
    return true;
  }

  /** Takes a snapshot of what is applied. Throws when there is nothing to take. */
  snapshot(now: number): void {
    const index = this.appliedIndex;
    const term = this.raft.termAt(index);
    if (term === undefined || index === 0) throw new Error(`${this.id} has nothing to take a snapshot of`);
    const { configuration, index: configurationIndex } = this.raft.configurationAt(index);
    const meta: SnapshotMeta = { index, term, configuration, configurationIndex };
    this.disk.durable.snapshot = { meta, chunks: [new TextEncoder().encode(JSON.stringify(this.applied))] };
    this.raft.snapshotTaken(meta, now);
  }

  /** The pieces of the present snapshot, two of them, for `peer`. */
  pieces(peer: NodeId, streamId: number): Message[] {
    const { snapshot } = this.disk.durable;
    const data = snapshot?.chunks[0];
    if (snapshot === undefined || data === undefined) return [];
    const middle = data.length >> 1;
    const parts = [
      { offset: 0, data: data.subarray(0, middle), done: false },
      { offset: middle, data: data.subarray(middle), done: true },
    ];
    return parts.flatMap(
      (part) =>
        this.raft.snapshotPiece(peer, this.raft.term, {
          ...part,
          snapshot: snapshot.meta,
          streamId,
          // Nothing in a script damages data.
          checksum: 0,
        }) ?? [],
    );
  }

  #take({ from, term, streamId, offset, data, done, snapshot: meta }: InstallSnapshot, now: number): void {
    const key = `${from}/${term}/${streamId}`;
    if (this.#stream?.key !== key) this.#stream = { key, offset: 0, parts: [] };
    const stream = this.#stream;
    if (offset === stream.offset) {
      stream.parts.push(data);
      stream.offset += data.length;
    }
    const answer = { to: from, term, streamId, index: meta.index, offset: stream.offset };
    if (!done || offset + data.length !== stream.offset)
      return this.raft.chunkReceived({ ...answer, outcome: 'continue' }, now);
    if (meta.index > (this.disk.durable.snapshot?.meta.index ?? 0)) {
      this.disk.durable.snapshot = { meta, chunks: [Buffer.concat(stream.parts)] };
      if (meta.index > this.appliedIndex) this.#restore(meta.index, stream.parts);
    }
    this.raft.snapshotInstalled(meta, now);
    this.raft.chunkReceived({ ...answer, outcome: 'installed' }, now);
  }

  #restore(index: LogIndex, chunks: readonly Uint8Array[]): void {
    this.applied = JSON.parse(Buffer.concat(chunks).toString()) as string[];
    this.appliedIndex = index;
  }

  #apply(): void {
    while (this.appliedIndex < this.raft.applicableIndex) {
      const index = this.appliedIndex + 1;
      const entry = this.disk.durable.entry(index);
      if (entry === undefined) throw new Error(`${this.id} is to apply ${index}, which is not on its disk`);
      if (entry.type === EntryType.command) this.applied.push(new TextDecoder().decode(entry.data));
      this.appliedIndex = index;
    }
  }
}
