import assert from 'node:assert/strict';
import { seededRandom } from '@raft/core';
import { applyStep, applyToTwin, NaiveLog, randomStep } from './model.js';
import { assertLog, opened, reopened } from './world.js';
import type { StorageCase, StorageWorld } from './world.js';

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
