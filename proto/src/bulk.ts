import type { InstallSnapshot, Propose } from '@raft/core';
import { packedBytes, packEntries } from './entries.js';
import { raftV1 } from './generated/protos.js';
import { checkIntegers, commandEntries } from './messages.js';
import { snapshotToProto } from './configuration.js';
import { bytesFieldBytes, writeVarint } from './wire.js';

/** The body of a message that carries much in one field: the generated code writes what is around it, so that it is copied once. */
export interface Bulk {
  /** Of the body, in the message. */
  readonly tag: number;
  /** Bytes of the body. */
  readonly bytes: number;
  /** Writes the body; gives the position behind it. */
  write(out: Uint8Array, at: number): number;
}

/** Field number and wire type of each field, as raft.proto has them. */
const Tag = { installSnapshot: 0x42, snapshotData: 0x2a, propose: 0x6a, proposeCommands: 0x12 } as const;

const nothing = new Uint8Array(0);

/** Throws RangeError for numbers that are not integers from 0 to 2^53 - 1. */
export function bulkOf(message: InstallSnapshot | Propose): Bulk {
  if (message.type === 'propose') {
    checkIntegers(message.id);
    const entries = commandEntries(message.commands);
    const head = raftV1.Propose.encode({ id: message.id }).finish();
    const write = (out: Uint8Array, at: number): number => packEntries(out, at, entries);
    return bulk(Tag.propose, head, Tag.proposeCommands, packedBytes(entries), write, nothing);
  }
  const { round, snapshot, streamId, offset, data, checksum, done } = message;
  checkIntegers(round, streamId, offset, checksum, snapshot.index, snapshot.term, snapshot.configurationIndex);
  const before = { round, snapshot: snapshotToProto(snapshot), streamId, offset };
  const head = raftV1.InstallSnapshot.encode(before).finish();
  const tail = raftV1.InstallSnapshot.encode({ checksum, done }).finish();
  const write = (out: Uint8Array, at: number): number => {
    out.set(data, at);
    return at + data.length;
  };
  return bulk(Tag.installSnapshot, head, Tag.snapshotData, data.length, write, tail);
}

function bulk(
  tag: number,
  head: Uint8Array,
  fieldTag: number,
  fieldBytes: number,
  writeField: (out: Uint8Array, at: number) => number,
  tail: Uint8Array,
): Bulk {
  return {
    tag,
    bytes: head.length + (fieldBytes === 0 ? 0 : bytesFieldBytes(fieldBytes)) + tail.length,
    write(out, start) {
      out.set(head, start);
      let at = start + head.length;
      if (fieldBytes > 0) {
        out[at] = fieldTag;
        at = writeField(out, writeVarint(out, at + 1, fieldBytes));
      }
      out.set(tail, at);
      return at + tail.length;
    },
  };
}
