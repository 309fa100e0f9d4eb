import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

/** Those of the node, the sessions and the storages, then those of the consensus. */
export function mutants() {
  const files = readdirSync(join(root, 'tests/mutants')).filter((name) => name.endsWith('.json'));
  const ofConsensus = readJson('packages/core/test/mutants/mutants.json').map((mutant) => ({
    tests: ['packages/core/test/consensus'],
    ...mutant,
    file: `packages/core/src/consensus/${mutant.file}`,
  }));
  return [...files.sort().flatMap((name) => readJson(`tests/mutants/${name}`)), ...ofConsensus];
}
