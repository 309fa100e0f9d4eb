// Kills and restarts the leader of three server processes under load, and looks for acknowledged writes that are lost:
//   pnpm soak --transport tcp --writes 50000 --kills 5 --callers 64 --value-bytes 256
// It is the test of tests/process/failover.test.ts with figures of your own; it prints what it measured.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    transport: { type: 'string', default: 'tcp' },
    writes: { type: 'string', default: '50000' },
    kills: { type: 'string', default: '5' },
    callers: { type: 'string', default: '64' },
    'value-bytes': { type: 'string', default: '256' },
  },
});
const run = {
  transport: values.transport,
  writes: Number(values.writes),
  kills: Number(values.kills),
  callers: Number(values.callers),
  valueBytes: Number(values['value-bytes']),
};
const figures = [run.writes, run.kills, run.callers, run.valueBytes];
if (
  !['tcp', 'grpc'].includes(run.transport) ||
  !figures.every((figure) => Number.isSafeInteger(figure) && figure >= 0)
) {
  console.error('soak: --transport is tcp or grpc; --writes, --kills, --callers and --value-bytes are whole numbers');
  process.exit(2);
}
const { status } = spawnSync(
  'vitest',
  ['run', '--project', 'process', '--reporter=default', 'tests/process/failover.test.ts'],
  { stdio: 'inherit', env: { ...process.env, RAFT_SOAK: JSON.stringify(run) } },
);
process.exit(status ?? 1);
