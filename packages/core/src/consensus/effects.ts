import type { InstallSnapshot, InstallSnapshotResponse, Message, ProposeResponse } from '../messages.js';
import type { LogBatch } from '../storage.js';
import type { LogIndex, NodeId, Term } from '../types.js';

/** What the host must do after a batch of events, in any order; nothing here has to be waited for before the next event. */
export interface Effects {
  /** To be handed to `Storage.append`; once that has resolved, the host calls `persisted(sequence)`. */
  readonly write: { readonly sequence: number; readonly batch: LogBatch } | undefined;
  /** To be sent now. What promises durability is among them only when the disk has answered. */
  readonly messages: readonly Message[];
  /** Entries to be read from the storage and handed to `entriesLoaded`. */
  readonly loads: readonly LoadRequest[];
  readonly reads: readonly ReadOutcome[];
  readonly roleChange: RoleChange | undefined;
  /** To be handed to `Storage.compact`: nobody needs the entries up to here any more. */
  readonly compactTo: LogIndex | undefined;
  /** Followers that need a snapshot from now on, each told once until it has been installed, was given up or failed. */
  readonly snapshotsToSend: readonly SnapshotRequest[];
  /** What followers answered to pieces of snapshots, for whoever sends them. */
  readonly snapshotAcks: readonly InstallSnapshotResponse[];
  /** Pieces of the leader's snapshot to be written, in the order of their arrival; each is answered by `chunkReceived`. */
  readonly chunks: readonly InstallSnapshot[];
  /** Answers of leaders to what was handed on by `forward`. */
  readonly forwarded: readonly ProposeResponse[];
  /** What became of the transfer that `transferLeadership` began. */
  readonly transfer: TransferOutcome | undefined;
  /** Members that were found to have another storage than the one they were admitted with; each storage told once in a leadership. */
  readonly wiped: readonly NodeId[];
  /** The configuration of this index, which does not name this node, is committed; told once. */
  readonly removed: LogIndex | undefined;
  /** The storage has no room for entries, or (false) has again. */
  readonly diskFull: boolean | undefined;
}

/** `peer` needs entries that are compacted. The host sends it `Storage.openSnapshot()`, each piece by `Raft.snapshotPiece`. */
export interface SnapshotRequest {
  readonly peer: NodeId;
  readonly term: Term;
}

export interface TransferOutcome {
  /** The leader that took over; undefined when nobody did. */
  readonly leaderId: NodeId | undefined;
  /** In a few words. */
  readonly reason: string;
}

/** Why a command may not be proposed now: it certainly has not entered the log. */
export type ProposalRefusal = 'notLeader' | 'overloaded' | 'transferring' | 'diskFull';

/** Why a change of the membership, or a transfer of the leadership, was not begun. */
export type ChangeRefusal =
  | { readonly why: 'notLeader' }
  /** Nothing of this term is committed yet: try again in a moment. */
  | { readonly why: 'notReady' }
  /** `index`: of the configuration that is under way. */
  | { readonly why: 'inProgress'; readonly index: LogIndex }
  /** `index`: of the configuration in force. */
  | { readonly why: 'conflict'; readonly index: LogIndex }
  /** The leadership is being handed over, or the disk is full. */
  | { readonly why: 'transferring' | 'diskFull' }
  /** It can never be done; `message` says why, and what to do. */
  | { readonly why: 'invalid'; readonly message: string };

export type ActiveRole = 'leader' | 'follower' | 'candidate' | 'preCandidate';

/** Entries that a lagging follower needs and that are no longer in memory; answered with `entriesLoaded`. */
export interface LoadRequest {
  readonly peer: NodeId;
  readonly term: Term;
  readonly from: LogIndex;
  readonly to: LogIndex;
  readonly maxBytes: number;
}

export interface ReadOutcome {
  readonly id: number;
  /** The read may be answered once this index is applied; undefined when this node does not lead. */
  readonly index: LogIndex | undefined;
}

/** Why the role, term or leader is what it is; for events and logs. */
export interface RoleChange {
  readonly role: ActiveRole;
  readonly term: Term;
  readonly leaderId: NodeId | undefined;
  readonly reason: string;
}
