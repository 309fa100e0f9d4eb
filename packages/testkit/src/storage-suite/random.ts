import assert from 'node:assert/strict';
import { seededRandom } from '@raft/core';
import type { Entry, HardState, LogBatch, Storage, TermRun } from '@raft/core';
import { assertLog, batch, command, opened, reopened } from './world.js';
import type { StorageCase, StorageWorld } from './world.js';

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

async function walk(world: StorageWorld, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const twin = new NaiveLog();
  let { storage } = await opened(world);
  for (let round = 0; round < 12; round++) {
    const steps: Promise<void>[] = [];
    for (let i = Math.floor(random() * 25); i >= 0; i--) {
      const step = randomStep(random, twin);
      applyToTwin(twin, step);
      steps.push(applyStep(storage, step));
      if (random() < 0.2) await Promise.all(steps);
    }
    await Promise.all(steps);
    await assertLog(storage, twin.entries);
    if (random() < 0.5) continue;
    const again = await reopened(world, storage);
    storage = again.storage;
    assert.deepEqual(again.restored.hardState, twin.hardState);
    assert.deepEqual(again.restored.terms, twin.terms);
    assert.equal(again.restored.firstIndex, twin.base.index + 1);
    assert.equal(again.restored.lastIndex, twin.lastIndex);
    const configurations = twin.entries.filter((entry) => entry.type === 2);
    assert.deepEqual(
      again.restored.configurations.map((entry) => entry.index),
      configurations.map((entry) => entry.index),
    );
    await assertLog(storage, twin.entries);
  }
}

export const randomCases: readonly StorageCase[] = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => ({
  name: `random steps leave what a plain array holds (seed ${seed})`,
  run: (world) => walk(world, seed),
}));
