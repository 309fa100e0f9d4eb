import assert from 'node:assert/strict';
import type { Entry, HardState, LogBatch, Restored, Storage, TermRun } from '@raft/core';
import { batch, command } from './world.js';

/** The storage's naive twin: an array. */
export class NaiveLog {
  base: TermRun = { index: 0, term: 0 };
  entries: Entry[] = [];
  hardState: HardState = { term: 0, votedFor: undefined, commitIndex: 0 };

  get lastIndex(): number {
    return this.base.index + this.entries.length;
  }

  append(one: LogBatch): void {
    if (one.hardState) this.hardState = one.hardState;
    if (one.resetTo) {
      this.base = one.resetTo;
      this.entries = [];
    }
    const { truncateFrom } = one;
    if (truncateFrom !== undefined) this.entries = this.entries.filter((entry) => entry.index < truncateFrom);
    this.entries.push(...one.entries);
  }

  compact(through: number): void {
    const last = this.entries.find((entry) => entry.index === through);
    if (!last) return;
    this.base = { index: through, term: last.term };
    this.entries = this.entries.filter((entry) => entry.index > through);
  }

  get terms(): TermRun[] {
    const runs = [this.base];
    for (const { index, term } of this.entries) if (runs.at(-1)?.term !== term) runs.push({ index, term });
    return runs;
  }

  clone(): NaiveLog {
    const copy = new NaiveLog();
    copy.base = this.base;
    copy.entries = [...this.entries];
    copy.hardState = this.hardState;
    return copy;
  }
}

export type Step = { readonly append: LogBatch } | { readonly compact: number };

/** A step that is valid after what the twin holds. */
export function randomStep(random: () => number, twin: NaiveLog): Step {
  const below = (n: number): number => Math.floor(random() * n);
  const term = twin.hardState.term + below(2);
  const hardState =
    random() < 0.4
      ? { term, votedFor: random() < 0.5 ? `n${below(3)}` : undefined, commitIndex: below(50) }
      : undefined;
  const kind = random();
  if (kind < 0.08 && twin.entries.length > 0) return { compact: twin.base.index + 1 + below(twin.entries.length) };
  const resetTo = kind < 0.1 ? { index: below(100), term } : undefined;
  const truncateFrom = !resetTo && kind < 0.25 ? twin.base.index + 1 + below(twin.entries.length + 1) : undefined;
  const first = (resetTo?.index ?? (truncateFrom === undefined ? twin.lastIndex : truncateFrom - 1)) + 1;
  const size = below(5) === 0 ? 3000 : 60;
  const entries = Array.from({ length: below(6) }, (_, i): Entry => {
    const entry = command(first + i, term, below(size));
    return below(12) === 0 ? { ...entry, type: 2 } : entry;
  });
  return { append: batch(entries, { hardState, resetTo, truncateFrom }) };
}

export function applyToTwin(twin: NaiveLog, step: Step): void {
  if ('append' in step) twin.append(step.append);
  else twin.compact(step.compact);
}

export function applyStep(storage: Storage, step: Step): Promise<void> {
  return 'append' in step ? storage.append(step.append) : storage.compact(step.compact);
}

/** What a storage that has just been opened must hold: the twin's content, all of it. */
export async function assertHolds(storage: Storage, restored: Restored, twin: NaiveLog, what = ''): Promise<void> {
  await assertHoldsOneOf(storage, restored, [twin], what);
}

/**
 * It holds what one of the twins does. Gives which. A compaction may be undone by a crash: what was compacted may be there
 * still.
 */
export async function assertHoldsOneOf(
  storage: Storage,
  restored: Restored,
  twins: readonly NaiveLog[],
  what: string,
): Promise<number> {
  const entries: Entry[] = [];
  for (let next = restored.firstIndex; next <= restored.lastIndex;) {
    const some = await storage.entries(next, restored.lastIndex, 64 * 1024);
    assert.ok(some.length > 0, `${what}: entries from ${next} are missing`);
    entries.push(...some);
    next += some.length;
  }
  const found = twins.findIndex((twin) => isSame(twin, restored, entries));
  assert.ok(found >= 0, `${what}: found ${summary(restored)}, not ${twins.map(summaryOf).join(' or ')}`);
  return found;
}

function isSame(twin: NaiveLog, restored: Restored, found: readonly Entry[]): boolean {
  const { hardState, firstIndex, lastIndex } = restored;
  const first = twin.base.index + 1;
  if (lastIndex !== twin.lastIndex || firstIndex > first) return false;
  const same =
    hardState.term === twin.hardState.term &&
    hardState.votedFor === twin.hardState.votedFor &&
    hardState.commitIndex === twin.hardState.commitIndex;
  const kept = found.slice(first - firstIndex);
  return same && kept.length === twin.entries.length && kept.every((entry, i) => isSameEntry(entry, twin.entries[i]!));
}

function isSameEntry(a: Entry, b: Entry): boolean {
  return a.index === b.index && a.term === b.term && a.type === b.type && Buffer.compare(a.data, b.data) === 0;
}

function summary({
  hardState,
  firstIndex,
  lastIndex,
}: Pick<Restored, 'hardState' | 'firstIndex' | 'lastIndex'>): string {
  return `${JSON.stringify(hardState)} with entries ${firstIndex} to ${lastIndex}`;
}

function summaryOf({ hardState, base, lastIndex }: NaiveLog): string {
  return summary({ hardState, firstIndex: base.index + 1, lastIndex });
}
