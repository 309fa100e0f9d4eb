// pnpm --filter @raft/core run simulate [--seeds N] [--from S] [--nodes N] [--journal]
// Compiles the simulator with the sources as they are, and runs seeds S, S + 1, … until one fails.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  // pnpm hands over a "--" that separates its own flags.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    nodes: { type: 'string' },
    journal: { type: 'boolean', default: false },
  },
});

const core = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'raft-simulate-'));
try {
  const flags = '--ignoreConfig --target es2023 --module nodenext --types node --skipLibCheck --rootDir .'.split(' ');
  execFileSync('tsc', [...flags, '--outDir', folder, 'test/sim/simulate.ts'], { cwd: core, stdio: 'inherit' });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const { simulateMany } = await import(pathToFileURL(join(folder, 'test/sim/simulate.js')).href);
  const options = {
    seeds: Number(values.seeds),
    from: Number(values.from),
    nodes: values.nodes === undefined ? undefined : Number(values.nodes),
    journal: values.journal,
  };
  process.exitCode = simulateMany(options, console.log);
} finally {
  rmSync(folder, { recursive: true });
}
