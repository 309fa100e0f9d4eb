import { EntryType } from '../../types.js';
import type { LogIndex } from '../../types.js';
import { ByteReader, ByteWriter } from './bytes.js';

/**
 * What the entries of sessions say (thesis, section 6.3). All numbers are varints ({@link ByteWriter}):
 *
 * - `EntryType.session`: version 1, kind, and by kind
 *   1 register: `maxSessions`; 2 keep alive: id, `firstUnacknowledged`; 3 close: id; 4 expire: id, `lastUsedIndex`.
 * - `EntryType.sessionCommand`: version 1, session id, sequence, `firstUnacknowledged`, and the command's bytes to the end.
 *
 * These bytes are on disks and wires: a version that is not known stops the node, as a replica that skips what others do is none.
 */
export type SessionEntry =
  /** Opens the session whose id is the index of the entry; before, the least recently used are closed until `maxSessions` fit. */
  | { readonly kind: 'register'; readonly maxSessions: number }
  | { readonly kind: 'keepAlive'; readonly id: LogIndex; readonly firstUnacknowledged: number }
  | { readonly kind: 'close'; readonly id: LogIndex }
  /** Of the leader: ends a session that was not used since `lastUsedIndex`. */
  | { readonly kind: 'expire'; readonly id: LogIndex; readonly lastUsedIndex: LogIndex };

export interface SessionCommand {
  readonly id: LogIndex;
  readonly sequence: number;
  /** Results of all commands before this number are not needed any more; 0: as told before. */
  readonly firstUnacknowledged: number;
  readonly command: Uint8Array;
}

/** Bytes of the longest header of a session's command. */
export const MAX_HEADER_BYTES = 25;

const VERSION = 1;
const kinds = ['register', 'keepAlive', 'close', 'expire'] as const;

export function encodeSessionEntry(entry: SessionEntry): Uint8Array {
  const writer = new ByteWriter(18).number(VERSION).number(kinds.indexOf(entry.kind) + 1);
  switch (entry.kind) {
    case 'register':
      return writer.number(entry.maxSessions).finish();
    case 'keepAlive':
      return writer.number(entry.id).number(entry.firstUnacknowledged).finish();
    case 'close':
      return writer.number(entry.id).finish();
    case 'expire':
      return writer.number(entry.id).number(entry.lastUsedIndex).finish();
  }
}

/** Throws what is wrong with bytes that are no such entry. */
export function decodeSessionEntry(data: Uint8Array): SessionEntry {
  const reader = new ByteReader(data);
  checkVersion(reader);
  const entry = readSessionEntry(reader);
  if (!reader.isAtEnd) throw new Error('a session entry has bytes beyond its end');
  return entry;
}

function readSessionEntry(reader: ByteReader): SessionEntry {
  const number = reader.number();
  const kind = kinds[number - 1];
  if (kind === undefined) throw new Error(`a session entry of kind ${number} is not known here`);
  switch (kind) {
    case 'register':
      return { kind, maxSessions: Math.max(1, reader.number()) };
    case 'keepAlive':
      return { kind, id: reader.number(), firstUnacknowledged: reader.number() };
    case 'close':
      return { kind, id: reader.number() };
    case 'expire':
      return { kind, id: reader.number(), lastUsedIndex: reader.number() };
  }
}

export function encodeSessionCommand({ id, sequence, firstUnacknowledged, command }: SessionCommand): Uint8Array {
  return new ByteWriter(MAX_HEADER_BYTES + command.length)
    .number(VERSION)
    .number(id)
    .number(sequence)
    .number(firstUnacknowledged)
    .bytes(command)
    .finish();
}

/** The command is a view of `data`. Throws what is wrong with bytes that are no such entry. */
export function decodeSessionCommand(data: Uint8Array): SessionCommand {
  const reader = new ByteReader(data);
  checkVersion(reader);
  return {
    id: reader.number(),
    sequence: reader.number(),
    firstUnacknowledged: reader.number(),
    command: reader.rest(),
  };
}

function checkVersion(reader: ByteReader): void {
  const version = reader.number();
  if (version !== VERSION) {
    throw new Error(`a session entry of version ${version} is not known here: run the same version on every node`);
  }
}

/** Why bytes that came from another node are no entry of this type; undefined when they are one. */
export function whyNoSessionEntry(type: EntryType, data: Uint8Array): string | undefined {
  try {
    if (type === EntryType.session) decodeSessionEntry(data);
    if (type === EntryType.sessionCommand) decodeSessionCommand(data);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
