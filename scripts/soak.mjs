// Server processes under load for as long as you like, with figures of your own. Each is a test of tests/process; it fails when an
// acknowledged write is lost, and prints what it measured.
//   pnpm soak            --transport tcp --writes 50000 --kills 5 --callers 64 --value-bytes 256
//     kills and restarts the leader of three servers
//   pnpm soak:members    --transport tcp|grpc --storage simplefile|level --writes 2000 --callers 32 --value-bytes 256
//     three servers become five, three, and all others, with the leader killed in each step; --writes between two steps
//   pnpm soak:wiped      --bytes 1GiB --transport tcp --storage simplefile --callers 16 --pause 5 --writes 5000
//     a wiped node is brought back by a snapshot while writes go on; --writes before it is wiped
//   pnpm soak:memory     --writes 1000000 --value-bytes 256 --keys 10000 --callers 64 --snapshot-threshold 100000
//     what memory and disk do with snapshots on, and how long a restart takes
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const usual = { transport: 'tcp', storage: 'simplefile', 'value-bytes': '256', callers: '64' };
const kinds = {
  failover: { ...usual, writes: '50000', kills: '5' },
  members: { ...usual, callers: '32', writes: '2000', 'election-timeout': '1000' },
  wiped: { ...usual, callers: '16', writes: '5000', bytes: '1GiB', pause: '5' },
  memory: { ...usual, writes: '1000000', keys: '10000', 'snapshot-threshold': '100000' },
};
const [kind, ...args] = process.argv.slice(2);
const defaults = kinds[kind];
if (defaults === undefined) fail(`name one of ${Object.keys(kinds).join(', ')}`);
const options = Object.fromEntries(
  Object.entries(defaults).map(([name, text]) => [name, { type: 'string', default: text }]),
);
const { values } = parseArgs({ args: args.filter((arg) => arg !== '--'), options });
const { transport, storage } = values;
if (!['tcp', 'grpc'].includes(transport)) fail('--transport is tcp or grpc');
if (!['simplefile', 'level'].includes(storage)) fail('--storage is simplefile or level');

const units = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };
function number(name) {
  const [, digits, unit] = /^(\d+)(|KiB|MiB|GiB)$/.exec(values[name]) ?? [];
  return digits === undefined
    ? fail(`--${name} is a whole number, such as ${defaults[name]}`)
    : Number(digits) * units[unit];
}

function fail(why) {
  console.error(`soak: ${why}`);
  process.exit(2);
}

const load = { transport, storage, callers: number('callers'), valueBytes: number('value-bytes') };
const runs = {
  failover: () => ({ ...load, writes: number('writes'), kills: number('kills') }),
  members: () => ({ ...load, writesPerStep: number('writes'), electionTimeoutMs: number('election-timeout') }),
  wiped: () => ({ ...load, bytes: number('bytes'), pauseMs: number('pause'), writesBefore: number('writes') }),
  memory: () => ({
    ...{ ...load, writes: number('writes'), keys: number('keys') },
    flags: ['--snapshot-threshold', values['snapshot-threshold']],
  }),
};
const run = runs[kind]();
const [file, env] =
  kind === 'failover'
    ? ['tests/process/failover.test.ts', { RAFT_SOAK: JSON.stringify(run) }]
    : ['tests/process/soak.test.ts', { RAFT_SOAK_RUN: JSON.stringify({ [kind]: run }) }];
const { status } = spawnSync('vitest', ['run', '--project', 'process', '--reporter=default', file], {
  stdio: 'inherit',
  env: { ...process.env, ...env },
});
process.exit(status ?? 1);
