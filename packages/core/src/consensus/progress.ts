import type { LogIndex } from '../types.js';
import { assert } from './assert.js';

export interface Window {
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
}

/** What a leader knows of one follower. */
export class Progress {
  readonly #window: Window;
  /** `probe` looks for where the logs agree, one message at a time; `replicate` streams ahead; `snapshot`: needs what is compacted. */
  state: 'probe' | 'replicate' | 'snapshot' = 'probe';
  /** Up to here the follower's disk is known to hold the leader's log. */
  matchIndex: LogIndex = 0;
  /** The leader's round when it learned of `matchIndex`; an answer to a later one was given with all that on the disk. */
  matchedRound = 0;
  /** The next entry to send. */
  nextIndex: LogIndex;
  /** The highest heartbeat round that was sent to, and answered by, the follower. */
  sentRound = 0;
  ackedRound = 0;
  /** The leader's commit index as last told. */
  sentCommit: LogIndex = 0;
  /** When the follower was last heard of; the start of leadership counts. */
  contactAt: number;
  /** A probe is under way; the next heartbeat or answer releases the next. */
  probing = false;
  /** The first entry of a read from the storage under way for this follower. */
  loadingFrom: LogIndex | undefined;

  /** Whether it has answered in this term. */
  isHeard = false;
  /** Of its storage, as last heard; empty: unknown. */
  storeId = '';
  /** Its storage is another than the one it was admitted with: what it says counts for nothing. */
  isWiped = false;
  /** Those that it was found wiped with. */
  readonly toldStores: Set<string> = new Set();
  priority = 1;
  /** The entry that removes it, which it is still told of. */
  removedBy: LogIndex | undefined;
  /** When it is told no more. */
  leavesAt: number = Number.POSITIVE_INFINITY;
  /** Since it needed a snapshot, and until it has caught up or is given up, entries behind this one are kept for it. */
  keepsAfter: LogIndex | undefined;
  /** A stream of the snapshot is under way, or asked for. */
  isStreaming = false;
  snapshotAgainAt = 0;
  /** In a row. */
  snapshotsRefused = 0;
  streamId = 0;

  /** The last entry that went with the probe under way: streaming goes on behind it. */
  #probedTo: LogIndex = 0;
  #inflight: { readonly lastIndex: LogIndex; readonly bytes: number }[] = [];
  #inflightBytes = 0;

  constructor(nextIndex: LogIndex, now: number, window: Window) {
    this.nextIndex = nextIndex;
    this.contactAt = now;
    this.#window = window;
  }

  get inflightMessages(): number {
    return this.#inflight.length;
  }

  get inflightBytes(): number {
    return this.#inflightBytes;
  }

  /** Whether another message with entries may leave. */
  get hasRoom(): boolean {
    if (this.state === 'snapshot') return false;
    if (this.state === 'probe') return !this.probing;
    return (
      this.#inflight.length < this.#window.maxInflightMessages && this.#inflightBytes < this.#window.maxInflightBytes
    );
  }

  /** Entries up to `lastIndex` leave: the next message follows them without waiting for the answer. */
  sent(lastIndex: LogIndex, bytes: number): void {
    if (this.state === 'probe') {
      this.probing = true;
      this.#probedTo = lastIndex;
      return;
    }
    assert(lastIndex >= this.nextIndex, `sent up to ${lastIndex} before ${this.nextIndex}`);
    this.nextIndex = lastIndex + 1;
    this.#inflight.push({ lastIndex, bytes });
    this.#inflightBytes += bytes;
  }

  /** The follower's disk holds everything up to `matchIndex`. Returns whether that is news. */
  acknowledged(matchIndex: LogIndex): boolean {
    let done = 0;
    for (const message of this.#inflight) {
      if (message.lastIndex > matchIndex) break;
      this.#inflightBytes -= message.bytes;
      done++;
    }
    if (done > 0) this.#inflight.splice(0, done);
    if (this.state === 'probe' && matchIndex >= this.nextIndex - 1) {
      this.state = 'replicate';
      this.nextIndex = Math.max(matchIndex, this.#probedTo) + 1;
    }
    if (matchIndex <= this.matchIndex) return false;
    this.matchIndex = matchIndex;
    this.nextIndex = Math.max(this.nextIndex, matchIndex + 1);
    return true;
  }

  /** What was in flight is lost or refused: start over at `nextIndex`. */
  probe(nextIndex: LogIndex): void {
    this.#startOver('probe', nextIndex);
  }

  /** It needs entries that are compacted. */
  needSnapshot(): void {
    this.#startOver('snapshot', this.nextIndex);
    this.isStreaming = false;
  }

  #startOver(state: 'probe' | 'snapshot', nextIndex: LogIndex): void {
    this.state = state;
    this.nextIndex = Math.max(nextIndex, this.matchIndex + 1);
    this.probing = false;
    this.#probedTo = 0;
    this.#inflight = [];
    this.#inflightBytes = 0;
  }
}
