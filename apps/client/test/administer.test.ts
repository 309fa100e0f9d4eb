import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, start } from '../../../tests/process/support/programs.js';
import { ServerFleet } from '../../../tests/process/support/fleet.js';
import { freeBasePort } from '../../../tests/support/ports.js';
import { runClient } from '../src/cli.js';

let directory: string;
let fleet: ServerFleet;
let env: Record<string, string>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'raft-administer-'));
  const flags = ['--heartbeat-interval', '50', '--election-timeout', '250-500'];
  fleet = new ServerFleet({ transport: 'grpc', storage: 'inmemory', directory, basePort: await freeBasePort(), flags });
  const peers = Object.fromEntries(['1', '2', '3'].map((id) => [id, fleet.address(id)]));
  for (const id of Object.keys(peers)) fleet.startFounder(id, peers);
  env = { RAFT_PEERS: Object.values(peers).join(','), RAFT_TRANSPORT: 'grpc', RAFT_TIMEOUT: '30000' };
  await fleet.leader();
});
afterAll(async () => {
  await fleet.killAll();
  await rm(directory, { recursive: true, force: true });
});

async function client(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const outcome = { code: -1, stdout: '', stderr: '' };
  outcome.code = await runClient(args, {
    ...{ env, directory },
    stdout: (output) => void (outcome.stdout += Buffer.from(output).toString()),
    stderr: (line) => void (outcome.stderr += line),
  });
  return outcome;
}

interface Listed {
  readonly membership: { readonly index: number; readonly voters: string[]; readonly learners: string[] };
}

async function members(): Promise<Listed['membership']> {
  return (JSON.parse((await client('members', 'list', '--output', 'json')).stdout) as Listed).membership;
}

describe('raft-client looks after a cluster', () => {
  it('adds a learner, promotes it, and takes a member out, each as planned', async () => {
    fleet.startJoining('4');
    const { index } = await members();
    const plan = await client('members', 'plan', 'add', `4=${fleet.address('4')}`);
    expect([plan.code, plan.stderr]).toEqual([0, '']);
    expect(plan.stdout).toMatch(/^before +2 +3: 1, 2, 3 +-\nafter +3 +4: 1, 2, 3, 4 +-$/m);
    expect(plan.stdout).toMatch(/nothing was changed\n$/);
    expect((await members()).index).toBe(index);

    const learner = await client('members', 'add-learner', `4=${fleet.address('4')}`, '--expected', String(index));
    expect([learner.code, learner.stderr]).toEqual([0, '']);
    expect(await members()).toMatchObject({ voters: ['1', '2', '3'], learners: ['4'] });
    const late = await client('members', 'promote', '4', '--expected', String(index), '--output', 'json');
    expect(late.code).toBe(1);
    expect(JSON.parse(late.stderr)).toMatchObject({ error: { code: 'RAFT_CONFIGURATION_CONFLICT', exitCode: 1 } });

    expect((await client('members', 'promote', '4')).stdout).toMatch(/^4 +voter +127/m);
    expect((await client('members', 'remove', '1')).code).toBe(0);
    expect((await members()).voters).toEqual(['2', '3', '4']);
    // Node 4 is known though it was not named.
    expect((await client('status')).stdout).toMatch(new RegExp(`^${fleet.address('4')} +4 +`, 'm'));
    expect((await client('set', 'k', 'v')).code).toBe(0);
  });

  it('hands the leadership over, and takes snapshots', async () => {
    const { voters } = await members();
    const leader = await fleet.leader();
    const target = voters.find((id) => id !== leader) ?? '';
    const outcome = await client('transfer-leader', target);
    expect(outcome).toEqual({ code: 0, stdout: 'ok\n', stderr: '' });
    expect(await fleet.leader()).toBe(target);
    const [server] = voters;
    const { code, stdout } = await client('snapshot', fleet.address(server ?? ''));
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ADDRESS +INDEX +OUTCOME\n\S+ +\d+ +ok\n$/)]);
  });

  it('takes the snapshot of a node that is named by its id, and knows which there are', async () => {
    const [id = ''] = (await members()).voters;
    const { code, stdout } = await client('snapshot', id);
    expect([code, stdout]).toEqual([0, expect.stringMatching(`\n${fleet.address(id)} +\\d+ +ok\n$`)]);
    const unknown = await client('snapshot', '99');
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringMatching('no server that answers knows a node 99'),
    ]);
  });

  it('promotes members only: a node that is named by mistake does not get into the membership', async () => {
    const before = await members();
    for (const words of [
      ['promote', '77'],
      ['plan', 'promote', '77'],
    ]) {
      const { code, stderr } = await client('members', ...words, '--timeout', '3000');
      expect([code, stderr]).toEqual([2, expect.stringMatching('node 77 is no member: add it with its address')]);
    }
    expect(await members()).toEqual(before);
  });

  it('reads at every level, on whatever server', async () => {
    await client('set', 'level', 'v');
    const { stdout } = await client('get', 'level', '--output', 'json');
    const { revision } = JSON.parse(stdout) as { revision: number };
    for (const level of ['linearizable', 'lease', `at-least=${revision}`, 'bounded-staleness=5000']) {
      for (const id of (await members()).voters) {
        const found = await client('get', 'level', '--consistency', level, '--peers', fleet.address(id));
        expect([level, id, found.code, found.stdout]).toEqual([level, id, 0, 'v\n']);
      }
    }
    expect((await client('list', 'level', '--consistency', 'local')).code).toBe(0);
  });

  it('watches a key until it is interrupted, and goes on from a revision', async () => {
    const watching = start('client', ['watch', 'watched', '--output', 'json'], { env, input: '' });
    await client('set', 'other', '1');
    // It begins with what comes after it has begun.
    for (let n = 0; !watching.output().includes('watched'); n++) {
      await client('set', 'watched', String(n));
    }
    const [first = ''] = watching.output().split('\n');
    watching.kill('SIGINT');
    expect(await watching.ended).toMatchObject({ code: 0, stderr: '' });
    const { revision, ...change } = JSON.parse(first) as { revision: number; value: string };
    expect(change).toMatchObject({ type: 'put', key: 'watched', encoding: 'utf8' });
    await client('delete', 'watched');
    const from = ['watch', '--prefix', 'watch', '--from-revision'];
    const again = await client(...from, String(revision), '--limit', '1');
    expect(again).toEqual({ code: 0, stdout: `${revision}\tput\twatched\t${change.value}\n`, stderr: '' });
  });

  it('says of a watch that what it asks for is forgotten, with a code of its own', async () => {
    // A node that was brought up from a snapshot does not know what came before; here nobody else is asked.
    const { code, stderr } = await run('client', ['watch', 'k', '--from-revision', '1', '--output', 'json'], {
      env: { ...env, RAFT_PEERS: fleet.address('9'), RAFT_TIMEOUT: '300' },
    });
    expect([code, (JSON.parse(stderr) as { error: { code: string } }).error.code]).toEqual([1, 'RAFT_TIMEOUT']);
  });
});
