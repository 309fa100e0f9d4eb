// Counts increments of many sessions on three server processes, whose leader is killed again and again, and looks for one that
// counted twice or not at all:
//   pnpm soak:sessions --increments 20000 --sessions 32 --kills 10
// It is the test of tests/process/exactly-once.test.ts with figures of your own; it prints what it measured.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    increments: { type: 'string', default: '20000' },
    sessions: { type: 'string', default: '32' },
    kills: { type: 'string', default: '10' },
  },
});
const run = {
  increments: Number(values.increments),
  sessions: Number(values.sessions),
  kills: Number(values.kills),
};
if (!Object.values(run).every((figure) => Number.isSafeInteger(figure) && figure >= 0) || run.sessions === 0) {
  console.error('soak:sessions: --increments, --sessions and --kills are whole numbers');
  process.exit(2);
}
const { status } = spawnSync(
  'vitest',
  ['run', '--project', 'process', '--reporter=default', 'tests/process/exactly-once.test.ts'],
  { stdio: 'inherit', env: { ...process.env, RAFT_SOAK_SESSIONS: JSON.stringify(run) } },
);
process.exit(status ?? 1);
