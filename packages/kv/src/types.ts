import type { LogIndex, NodeId, NodeStatus, PeerStatus } from '@raft/core';
import type { BTree } from './btree.js';

/** What the state machine holds under a key. Never changed once made: snapshots share it. */
export interface Stored {
  readonly value: string;
  readonly revision: LogIndex;
}

/** Keys in the order of their bytes. */
export type Tree = BTree<string, Stored>;

/** What stands under a key. */
export interface KvValue {
  readonly value: Uint8Array;
  /** The log index of the key's last write. */
  readonly revision: LogIndex;
}

export interface KvItem extends KvValue {
  readonly key: Uint8Array;
}

/** Part of a listing, in the order of the keys' bytes. */
export interface KvPage {
  readonly items: readonly KvItem[];
  /** Whether more keys follow the last one. */
  readonly more: boolean;
}

export interface SetResult {
  readonly revision: LogIndex;
}

export interface DeleteResult {
  /** Whether there was something to delete. */
  readonly existed: boolean;
  /** The log index of the deletion. */
  readonly revision: LogIndex;
}

export type CompareAndSetResult =
  | { readonly swapped: true; readonly revision: LogIndex }
  /** `current` is what stood in the way; undefined when the key is not there. */
  | { readonly swapped: false; readonly current: KvValue | undefined };

/** Which keys a watch is about. */
export type KvSelection = { readonly key: Uint8Array } | { readonly prefix: Uint8Array };

/** What one command did to one key. */
export type KvChange =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array; readonly revision: LogIndex }
  | { readonly type: 'delete'; readonly key: Uint8Array; readonly revision: LogIndex };

/** Changes in the order in which they were done, without a gap from the revision that was asked for to `next`. */
export interface KvChanges {
  readonly changes: readonly KvChange[];
  /** The revision to ask from next: nothing below it is missing here. */
  readonly next: LogIndex;
}

/** What a command gives once it is applied. */
export type KvResult =
  | ({ readonly type: 'set' } & SetResult)
  | ({ readonly type: 'delete' } & DeleteResult)
  | ({ readonly type: 'compareAndSet' } & CompareAndSetResult)
  /** Bytes in the log that are no command; nothing was changed. */
  | { readonly type: 'malformed' };

export type KvQuery =
  | { readonly type: 'get'; readonly key: Uint8Array }
  | {
      readonly type: 'list';
      readonly prefix: Uint8Array;
      /** Only keys after this one. */
      readonly after?: Uint8Array | undefined;
      /** Keys in the page. Default 1000, which is also the most. */
      readonly limit?: number | undefined;
    }
  | {
      readonly type: 'changes';
      /** Default: all keys. */
      readonly select?: KvSelection | undefined;
      /** The least revision of interest; 0: none but those to come. */
      readonly from: LogIndex;
    };

export type KvAnswer =
  | { readonly type: 'get'; readonly found: KvValue | undefined }
  | ({ readonly type: 'list' } & KvPage)
  /** `more`: there were too many for one answer. */
  | ({ readonly type: 'changes'; readonly more: boolean } & KvChanges)
  /** Changes of the revision that was asked for are forgotten; from `oldest` on, all are remembered. */
  | { readonly type: 'forgotten'; readonly oldest: LogIndex };

/** What a server says of its node. */
export interface KvStatus {
  readonly id: NodeId;
  readonly clusterId: string;
  /** Of the node's storage. */
  readonly storeId: string;
  readonly role: NodeStatus['role'];
  readonly term: number;
  readonly leaderId: NodeId | undefined;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** 0 without a snapshot. */
  readonly snapshotIndex: LogIndex;
  readonly membership: NodeStatus['membership'];
  /** What a leader knows of the others; empty elsewhere. */
  readonly peers: readonly Pick<PeerStatus, 'id' | 'matchIndex' | 'nextIndex' | 'state'>[];
  /** Of the server's software. */
  readonly version: string;
  /** The disk has no room for entries. */
  readonly diskFull: boolean;
  /** Its disk answers and its event loop turns in time. */
  readonly healthy: boolean;
  /** A committed membership goes without it. */
  readonly removed: boolean;
}
