import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { seededRandom, StorageError } from '@raft/core';
import { damage, filesOf, kinds, openContent, writeFiles, written } from './support/damage.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe.each(['closed', 'killed'] as const)('storage-level: damage to a directory that was %s', (end) => {
  // RAFT_TEST_SEED tries one of them.
  const only = Number(process.env['RAFT_TEST_SEED'] ?? 0);

  test('320 seeded damages: each harmless, cut off as torn, or refused by name', { timeout: 240_000 }, async () => {
    const directory = join(root, 'data');
    const whole = await written(directory, end);
    const files = filesOf(directory);
    const table = new Map(kinds.map((kind) => [kind, { harmless: 0, torn: 0, refused: 0 }]));
    for (let seed = 1; seed <= 320; seed++) {
      if (only > 0 && seed !== only) continue;
      const kind = kinds[seed % kinds.length]!;
      const { damaged, what } = damage(files, kind, seededRandom(seed));
      writeFiles(directory, damaged);
      const outcome = await openContent(directory).catch((error: unknown) => error);
      const row = table.get(kind)!;
      if (outcome instanceof Error) {
        assert.ok(outcome instanceof StorageError, `seed ${seed}, ${what}: ${String(outcome)}`);
        assert.equal(outcome.code, 'RAFT_STORAGE_CORRUPT', `seed ${seed}, ${what}: ${outcome.message}`);
        assert.ok(outcome.message.includes(directory), outcome.message);
        row.refused++;
        continue;
      }
      const { content, repairs } = outcome as Awaited<ReturnType<typeof openContent>>;
      const same = JSON.stringify(content) === JSON.stringify(whole);
      if (same) row.harmless++;
      else {
        // What was durable and noted is never lost; what was not noted only with a word, and from the end.
        assert.equal(end, 'killed', `seed ${seed}, ${what}: another content`);
        assert.ok(repairs.length > 0, `seed ${seed}, ${what}: something is lost without a word`);
        assert.deepEqual(content.entries, whole.entries.slice(0, content.entries.length), `seed ${seed}, ${what}`);
        row.torn++;
      }
    }
    for (const [kind, { harmless, torn, refused }] of table) {
      console.log(`level, ${end}, ${kind}: ${harmless} harmless, ${torn} cut off as torn, ${refused} refused`);
    }
  });
});
