import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from '../src/cluster/identity.js';
import type { ProcessIdentity } from '../src/cluster/identity.js';
import type { ClusterState } from '../src/cluster/state.js';
import { run, start } from '../../../tests/process/support/programs.js';
import type { Outcome, RunningProgram } from '../../../tests/process/support/programs.js';
import { freeBasePort } from '../../../tests/support/ports.js';

let cwd: string;
let basePort: number;
let program: RunningProgram | undefined;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'raft-cluster-'));
  basePort = await freeBasePort();
  program = undefined;
});
afterEach(async () => {
  program?.kill('SIGKILL');
  await program?.ended;
  await cluster('stop');
  await rm(cwd, { recursive: true, force: true });
});

/** Quick elections, and ports of its own. */
const flags = (): string[] => [
  ...['--base-port', String(basePort), '--heartbeat-interval', '50', '--election-timeout', '250-500'],
];

async function cluster(...args: string[]): Promise<Outcome> {
  return run('cluster', args, { cwd });
}

function inForeground(...args: string[]): RunningProgram {
  program = start('cluster', [...flags(), ...args], { cwd });
  return program;
}

async function client(...args: string[]): Promise<[code: Outcome['code'], output: string]> {
  const { code, stdout, stderr } = await run('client', args, { cwd });
  return [code, stdout + stderr];
}

async function processes(): Promise<ProcessIdentity[]> {
  const state = JSON.parse(await readFile(join(cwd, '.raft-cluster', 'cluster.json'), 'utf8')) as ClusterState;
  return state.nodes.flatMap(({ process }) => process ?? []);
}

async function allEnded(nodes: readonly ProcessIdentity[]): Promise<boolean> {
  const deadline = performance.now() + 10_000;
  while (nodes.some(isRunning) && performance.now() < deadline) await sleep(20);
  return !nodes.some(isRunning);
}

describe('raft-cluster', () => {
  it('shows who leads, serves a client without flags, tells of a death, and ends all at Ctrl-C', async () => {
    const running = inForeground('--transport', 'tcp');
    const [, leader] = await running.says(/node (\d) leads in term \d+; a key was written in .* ms and read in .* ms/);
    await running.says(/stop with Ctrl-C, or with: raft-cluster stop/);
    expect(running.output()).toMatch(new RegExp(`node ${leader} +127.0.0.1:\\d+ +leader +process \\d+ +http://`));
    const nodes = await processes();
    expect(nodes.map(isRunning)).toEqual([true, true, true]);
    expect(await client('--op', 'set', '--key', 'mykey', '--value', 'hello raft')).toEqual([0, 'ok\n']);
    expect(await client('--op', 'get', '--key', 'mykey')).toEqual([0, 'hello raft\n']);

    process.kill(nodes[0]?.pid ?? 0, 'SIGKILL');
    await running.says(/node 1 \(process \d+\) ended with SIGKILL: see .*node-1\.log/);
    expect(await client('get', 'mykey')).toEqual([0, 'hello raft\n']);

    running.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect([code, stdout.trimEnd().split('\n').slice(-2)]).toEqual([0, ['stopping', 'stopped']]);
    expect(nodes.map(isRunning)).toEqual([false, false, false]);
    expect(await processes()).toEqual([]);
  });

  it('keeps its data until it is told to start afresh', async () => {
    expect(await cluster(...flags(), '--nodes', '1', '--transport', 'tcp', '--detach')).toMatchObject({ code: 0 });
    await client('set', 'k', 'v');
    expect((await cluster('stop')).code).toBe(0);
    expect((await cluster(...flags(), '--nodes', '1', '--transport', 'tcp', '--detach')).code).toBe(0);
    expect(await client('get', 'k')).toEqual([0, 'v\n']);
    await cluster('stop');
    expect((await cluster(...flags(), '--nodes', '1', '--transport', 'tcp', '--detach', '--fresh')).code).toBe(0);
    expect((await client('get', 'k'))[0]).toBe(4);
  });

  it('leaves no server behind when it is killed', async () => {
    const running = inForeground('--storage', 'inmemory', '--transport', 'tcp');
    await running.says(/stop with Ctrl-C/);
    const nodes = await processes();
    running.kill('SIGKILL');
    await running.ended;
    expect(nodes).toHaveLength(3);
    expect(await allEnded(nodes)).toBe(true);
  });

  it('runs in the background until it is stopped, and only once', async () => {
    const started = await cluster(...flags(), '--storage', 'inmemory', '--detach');
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(started.stdout).toMatch(/stop with: raft-cluster stop\n$/);
    const nodes = await processes();
    expect(nodes.map(isRunning)).toEqual([true, true, true]);
    expect(await client('set', 'k', 'v')).toEqual([0, 'ok\n']);

    const again = await cluster(...flags(), '--storage', 'inmemory');
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/^raft-cluster: a cluster runs in .*\n$/)]);

    const stopped = await cluster('stop');
    expect([stopped.code, stopped.stdout]).toEqual([0, expect.stringMatching(/^the cluster in .* is stopped\n$/)]);
    expect(nodes.map(isRunning)).toEqual([false, false, false]);
  });

  it('is stopped from elsewhere when it is in the foreground', async () => {
    const running = inForeground('--storage', 'inmemory', '--transport', 'tcp', '--nodes', '1');
    await running.says(/stop with Ctrl-C/);
    const nodes = await processes();
    expect((await cluster('stop')).code).toBe(0);
    expect((await running.ended).code).toBe(0);
    expect(nodes.map(isRunning)).toEqual([false]);
  });

  it('says why a node did not start, and leaves nothing running', async () => {
    const { code, stderr } = await cluster('--base-port', String(basePort), '--election-timeout', '5-1');
    expect(stderr).toMatch(
      /^raft-cluster: node \d ended with exit code 2: raft-server: --election-timeout is "5-1": give .*\n$/,
    );
    expect(code).toBe(1);
    expect(await processes()).toEqual([]);
  });

  it('ends when every node has ended', async () => {
    const running = inForeground('--storage', 'inmemory', '--transport', 'tcp', '--nodes', '2');
    await running.says(/stop with Ctrl-C/);
    for (const { pid } of await processes()) process.kill(pid, 'SIGKILL');
    expect(await running.ended).toMatchObject({ code: 1, stderr: 'raft-cluster: every node has ended\n' });
  });
});
