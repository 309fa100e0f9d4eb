import { InvalidArgumentError, type ReadLevel } from '@raft/core';
import { decodeMessage, kvV1 } from '@raft/proto';

/** Throws {@link InvalidArgumentError}. Undefined is linearizable, which takes no bytes. */
export function readLevelToProto(level: ReadLevel | undefined): kvV1.ReadLevel.$Properties | undefined {
  if (level === undefined || level === 'linearizable') return undefined;
  if (level === 'lease') return { lease: true };
  if (level === 'local') return { local: true };
  if ('atLeast' in level) {
    if (isWhole(level.atLeast)) return { atLeast: level.atLeast };
    throw new InvalidArgumentError(`the read level is atLeast ${level.atLeast}: give the index of an entry`);
  }
  const { boundedStalenessMs } = level;
  if (boundedStalenessMs > 0 && boundedStalenessMs < 2 ** 32)
    return { boundedStalenessMs: Math.ceil(boundedStalenessMs) };
  throw new InvalidArgumentError(`boundedStalenessMs is ${boundedStalenessMs}: give milliseconds from 1`);
}

function isWhole(index: number): boolean {
  return Number.isSafeInteger(index) && index >= 0;
}

export function readLevelFrom(level: kvV1.ReadLevel.$Properties | null | undefined): ReadLevel {
  if (level?.lease === true) return 'lease';
  if (level?.local === true) return 'local';
  if (typeof level?.atLeast === 'number') return { atLeast: level.atLeast };
  if (typeof level?.boundedStalenessMs === 'number') return { boundedStalenessMs: level.boundedStalenessMs };
  return 'linearizable';
}

/** Throws {@link DecodeError}. */
export function parseReadLevel(bytes: Uint8Array): ReadLevel {
  return readLevelFrom(decodeMessage(kvV1.ReadLevel, bytes, 'read level'));
}
