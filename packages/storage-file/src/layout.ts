import { join } from 'node:path';

/*
 * A directory holds
 *
 *   LOCK                      nothing; the storage that is open has a lock on it
 *   store                     whose data these are, and up to where the log is known to be durable
 *   0000000001.log …          segments of the log; the last one may be all zeros, made ahead
 *   0000000001.snapshot       the present snapshot
 *   change                    what a repair or a recovery does; it was interrupted, and whoever opens the directory ends it
 *   *.tmp                     what was being made when the process ended; removed by the next one
 */

export const storeFileName = 'store';
export const changeName = 'change';
export const temporarySuffix = '.tmp';

export function segmentName(id: number): string {
  return `${String(id).padStart(10, '0')}.log`;
}

export function snapshotName(id: number): string {
  return `${String(id).padStart(10, '0')}.snapshot`;
}

export function segmentPath(directory: string, id: number): string {
  return join(directory, segmentName(id));
}

export function snapshotPath(directory: string, id: number): string {
  return join(directory, snapshotName(id));
}

/** Ids of the files of a kind, in order. */
export function idsOf(names: readonly string[], kind: 'log' | 'snapshot'): number[] {
  return names
    .map((name) => /^(\d{10})\.(log|snapshot)$/.exec(name))
    .filter((match) => match?.[2] === kind)
    .map((match) => Number(match![1]))
    .toSorted((a, b) => a - b);
}
