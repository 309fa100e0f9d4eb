import type {
  AppendEntries,
  AppendEntriesResponse,
  Entry,
  ForwardedCommand,
  InstallSnapshot,
  InstallSnapshotResponse,
  Message,
  Propose,
  ProposeResponse,
  Rejection,
} from '@raft/core';
import { snapshotFromProto } from './configuration.js';
import { DecodeError } from './decode-error.js';
import { unpackEntries } from './entries.js';
import type { raftV1 } from './generated/protos.js';
import { varintBytes } from './wire.js';

export type SmallMessage = Exclude<Message, AppendEntries | InstallSnapshot | Propose>;

const outcomes = ['continue', 'installed', 'refused', 'damaged'] as const;
const refusals = [undefined, 'notLeader', 'overloaded', 'transferring', 'diskFull'] as const;

/** All but those that may be large, which are written by hand. Throws RangeError for numbers that are not integers from 0 to 2^53 - 1. */
export function toProto(message: SmallMessage): raftV1.Message.$Properties {
  const { from, to, term } = message;
  checkIntegers(term);
  return { from, to, term, ...bodyOf(message) };
}

function bodyOf(message: SmallMessage): raftV1.Message.$Properties {
  switch (message.type) {
    case 'requestVote': {
      const { preVote, transfer, lastLogIndex, lastLogTerm, storeId } = message;
      checkIntegers(lastLogIndex, lastLogTerm);
      return { requestVote: { preVote, transfer, lastLogIndex, lastLogTerm, storeId } };
    }
    case 'requestVoteResponse': {
      const { preVote, granted, storeId } = message;
      return { requestVoteResponse: { preVote, granted, storeId } };
    }
    case 'appendEntriesResponse':
      return { appendEntriesResponse: appendResponse(message) };
    case 'installSnapshotResponse':
      return { installSnapshotResponse: installResponse(message) };
    case 'timeoutNow':
      return { timeoutNow: {} };
    case 'readIndex':
      checkIntegers(message.id);
      return { readIndex: { id: message.id, lease: message.lease } };
    case 'readIndexResponse':
      checkIntegers(message.id, message.index ?? 0);
      return {
        readIndexResponse: { id: message.id, ...(message.index === undefined ? {} : { index: message.index }) },
      };
    case 'proposeResponse':
      return { proposeResponse: proposeResponse(message) };
  }
}

function appendResponse(message: AppendEntriesResponse): raftV1.AppendEntriesResponse.$Properties {
  const { round, matchIndex, rejection, storeId, priority } = message;
  checkIntegers(round, matchIndex, priority);
  if (rejection !== undefined) checkIntegers(rejection.prevLogIndex, rejection.hintIndex, rejection.hintTerm);
  return { round, matchIndex, rejection: rejection ?? null, storeId, priority };
}

function installResponse(message: InstallSnapshotResponse): raftV1.InstallSnapshotResponse.$Properties {
  const { round, streamId, index, offset, outcome, storeId } = message;
  checkIntegers(round, streamId, index, offset);
  return { round, streamId, index, offset, outcome: outcomes.indexOf(outcome), storeId };
}

function proposeResponse(message: ProposeResponse): raftV1.ProposeResponse.$Properties {
  const { id, index, accepted, count, refusal } = message;
  checkIntegers(id, index, accepted, count);
  return { id, index, accepted, count, refusal: refusals.indexOf(refusal) };
}

/** The generated code writes any number, whatever comes of it. */
export function checkIntegers(...values: number[]): void {
  for (const value of values) varintBytes(value);
}

/** Commands as they are packed. */
export function commandEntries(commands: readonly ForwardedCommand[]): Entry[] {
  return commands.map(({ type, data }, i) => ({ index: i + 1, term: 0, type, data }));
}

/** Throws {@link DecodeError} for a message without a body that is known here. */
export function fromProto(message: raftV1.Message): Message {
  const { from, to, term } = message;
  const header = { from, to, term };
  if (message.appendEntries) {
    const body = message.appendEntries as raftV1.AppendEntries;
    const { prevLogIndex, prevLogTerm, leaderCommit, round, quiesce } = body;
    const entries = unpackEntries(body.entries, prevLogIndex + 1);
    return { type: 'appendEntries', ...header, prevLogIndex, prevLogTerm, leaderCommit, round, entries, quiesce };
  }
  if (message.appendEntriesResponse) {
    const body = message.appendEntriesResponse as raftV1.AppendEntriesResponse;
    const { round, matchIndex, storeId, priority } = body;
    const rejection = rejectionFrom(body.rejection as raftV1.Rejection | null | undefined);
    return { type: 'appendEntriesResponse', ...header, round, matchIndex, rejection, storeId, priority };
  }
  if (message.requestVote) {
    const { preVote, transfer, lastLogIndex, lastLogTerm, storeId } = message.requestVote as raftV1.RequestVote;
    return { type: 'requestVote', ...header, preVote, transfer, lastLogIndex, lastLogTerm, storeId };
  }
  if (message.requestVoteResponse) {
    const { preVote, granted, storeId } = message.requestVoteResponse as raftV1.RequestVoteResponse;
    return { type: 'requestVoteResponse', ...header, preVote, granted, storeId };
  }
  return rarerFrom(message, header);
}

function rarerFrom(
  message: raftV1.Message,
  header: { readonly from: string; readonly to: string; readonly term: number },
): Message {
  if (message.installSnapshot) {
    const body = message.installSnapshot as raftV1.InstallSnapshot;
    const { round, streamId, offset, checksum, done } = body;
    // The generated code gives Node's own subclass when the field is absent.
    const data = new Uint8Array(body.data.buffer, body.data.byteOffset, body.data.length);
    const snapshot = snapshotFromProto(body.snapshot);
    return { type: 'installSnapshot', ...header, round, snapshot, streamId, offset, data, checksum, done };
  }
  if (message.installSnapshotResponse) {
    const body = message.installSnapshotResponse as raftV1.InstallSnapshotResponse;
    const { round, streamId, index, offset, storeId } = body;
    const outcome = outcomes[body.outcome];
    if (outcome === undefined) throw new DecodeError(`the outcome ${body.outcome} of a snapshot is not known here`);
    return { type: 'installSnapshotResponse', ...header, round, streamId, index, offset, outcome, storeId };
  }
  if (message.timeoutNow) return { type: 'timeoutNow', ...header };
  if (message.readIndex) {
    const { id, lease } = message.readIndex as raftV1.ReadIndex;
    return { type: 'readIndex', ...header, id, lease };
  }
  if (message.readIndexResponse) {
    const { id, index } = message.readIndexResponse as raftV1.ReadIndexResponse;
    return { type: 'readIndexResponse', ...header, id, index: index ?? undefined };
  }
  if (message.propose) {
    const { id, commands } = message.propose as raftV1.Propose;
    const entries = unpackEntries(commands, 1);
    return { type: 'propose', ...header, id, commands: entries.map(({ type, data }) => ({ type, data })) };
  }
  if (message.proposeResponse) {
    const { id, index, accepted, count, refusal: number } = message.proposeResponse as raftV1.ProposeResponse;
    if (number >= refusals.length) throw new DecodeError(`the refusal ${number} is not known here`);
    return { type: 'proposeResponse', ...header, id, index, accepted, count, refusal: refusals[number] };
  }
  throw new DecodeError(`a message from ${header.from || 'nobody'} has no body that is known here`);
}

function rejectionFrom(rejection: raftV1.Rejection | null | undefined): Rejection | undefined {
  if (!rejection) return undefined;
  const { prevLogIndex, hintIndex, hintTerm } = rejection;
  return { prevLogIndex, hintIndex, hintTerm };
}
