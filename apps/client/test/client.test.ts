import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runClient } from '../src/cli.js';
import { ServerCluster } from '../../../tests/process/support/cluster.js';
import { run } from '../../../tests/process/support/programs.js';
import type { Outcome, RunOptions } from '../../../tests/process/support/programs.js';
import { freeBasePort } from '../../../tests/support/ports.js';

let directory: string;
let servers: ServerCluster;
let used: 'tcp' | 'grpc';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'raft-client-'));
});
afterAll(async () => rm(directory, { recursive: true, force: true }));

async function startServers(transport: 'tcp' | 'grpc', size: number, ...flags: string[]): Promise<void> {
  used = transport;
  const basePort = await freeBasePort();
  servers = new ServerCluster({ transport, storage: 'inmemory', directory, basePort, size, flags });
  servers.startAll();
  await servers.leader();
}

/** How the client is called: as a program, or its function, which takes a hundredth of the time. */
type Call = (args: readonly string[]) => Promise<Outcome>;

const env = (): Record<string, string> => ({ RAFT_PEERS: servers.addresses.join(','), RAFT_TRANSPORT: used });

async function program(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run('client', args, { ...options, env: env() });
}

async function inProcess(args: readonly string[]): Promise<Outcome> {
  const written: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };
  const code = await runClient(args, {
    ...{ env: env(), directory },
    stdout: (output) => void written.stdout.push(Buffer.from(output)),
    stderr: (line) => void written.stderr.push(Buffer.from(line)),
  });
  const text = (name: 'stdout' | 'stderr'): string => Buffer.concat(written[name]).toString();
  return { code, stdout: text('stdout'), stderr: text('stderr') };
}

async function asJson(call: Call, args: readonly string[]): Promise<[code: Outcome['code'], output: unknown]> {
  const { code, stdout } = await call([...args, '--output', 'json']);
  return [code, JSON.parse(stdout)];
}

const quickly = ['--heartbeat-interval', '20', '--election-timeout', '50-100'];

describe.each(['tcp', 'grpc'] as const)('raft-client over %s', (transport) => {
  beforeAll(async () => startServers(transport, 1, ...quickly));
  afterAll(async () => servers.killAll());

  it('sets and gets, in both forms', async () => {
    expect(await program(['--op', 'set', '--key', 'mykey', '--value', 'hello raft'])).toEqual({
      code: 0,
      stdout: 'ok\n',
      stderr: '',
    });
    expect(await program(['--op', 'get', '--key', 'mykey'])).toEqual({ code: 0, stdout: 'hello raft\n', stderr: '' });
    expect(await program(['get', 'mykey'])).toEqual({ code: 0, stdout: 'hello raft\n', stderr: '' });
    expect(await asJson(program, ['get', 'mykey'])).toEqual([
      0,
      { found: true, key: 'mykey', value: 'hello raft', encoding: 'utf8', revision: expect.any(Number) as number },
    ]);
  });

  it('shows the servers, also those that do not answer', async () => {
    const [address] = servers.addresses;
    const peers = `${address},127.0.0.1:1`;
    const { code, stdout } = await program(['status', '--peers', peers, '--timeout', '2000']);
    expect(code).toBe(0);
    const [head, first, second] = stdout.split('\n');
    expect(head).toMatch(/^ADDRESS +ID +ROLE +TERM +LEADER +COMMIT +APPLIED +LOG +SNAPSHOT +LAG +VERSION$/);
    expect(first).toMatch(new RegExp(`^${address} +1 +leader +\\d+ +1 +\\d+ +\\d+ +1-\\d+ +0 +- +0\\.1\\.0$`));
    expect(second).toMatch(/^127\.0\.0\.1:1 +- +unreachable +\S/);
    expect(await asJson(program, ['status', '--peers', peers, '--timeout', '2000'])).toMatchObject([
      0,
      {
        nodes: [
          { address, id: '1', role: 'leader', leaderId: '1' },
          { address: '127.0.0.1:1', error: expect.any(String) as string },
        ],
      },
    ]);
  });

  it('exits with 1 when no server answers: certainly not done', async () => {
    const args = ['set', 'k', 'v', '--peers', '127.0.0.1:1', '--timeout', '300'];
    expect(await program(args)).toMatchObject({
      ...{
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^raft-client: not done within 300 ms: .*\n$/) as string,
      },
    });
    expect(JSON.parse((await program([...args, '--output', 'json'])).stderr)).toEqual({
      error: { code: 'RAFT_TIMEOUT', exitCode: 1, message: expect.stringMatching(/^not done within/) as string },
    });
    expect((await program(['status', '--peers', '127.0.0.1:1', '--timeout', '300'])).code).toBe(1);
  });

  it('puts a load on the cluster', async () => {
    const args = [
      'bench',
      '--clients',
      '8',
      '--value-size',
      '64',
      '--duration',
      '0.3',
      '--warm-up',
      '0.1',
      '--keys',
      '10',
    ];
    const [code, report] = await asJson(program, [...args, '--reads', '0.5']);
    expect([code, report]).toEqual([
      0,
      {
        ...{ clients: 8, valueSize: 64, errors: 0, errorCodes: {}, seconds: expect.any(Number) as number },
        ...{ writes: expect.any(Number) as number, writesPerSecond: expect.any(Number) as number },
        ...{ p50Ms: expect.any(Number) as number, p99Ms: expect.any(Number) as number },
        ...{
          p999Ms: expect.any(Number) as number,
          maxMs: expect.any(Number) as number,
          reads: expect.anything() as object,
        },
      },
    ]);
    expect((report as { writes: number }).writes).toBeGreaterThan(10);
    expect((await program(args)).stdout).toMatch(/^writes +\d/m);
    expect(await asJson(program, ['list', 'bench/'])).toMatchObject([0, { more: false, items: { length: 10 } }]);
  });
});

describe('raft-client', () => {
  beforeAll(async () => startServers('tcp', 1, ...quickly));
  afterAll(async () => servers.killAll());

  it('exits with 4 when the key is not there', async () => {
    expect(await inProcess(['get', 'none'])).toEqual({
      code: 4,
      stdout: '',
      stderr: 'raft-client: the key none is not there\n',
    });
    expect(await asJson(inProcess, ['get', 'none'])).toEqual([4, { found: false, key: 'none', encoding: 'utf8' }]);
    expect((await inProcess(['delete', 'none'])).code).toBe(4);
  });

  it('deletes', async () => {
    await inProcess(['set', 'gone', 'x']);
    expect(await inProcess(['delete', 'gone'])).toMatchObject({ code: 0, stdout: 'ok\n' });
    expect((await inProcess(['get', 'gone'])).code).toBe(4);
  });

  it('compares and sets', async () => {
    const [, set] = await asJson(inProcess, ['cas', 'c', 'one', '--absent']);
    const { revision } = set as { revision: number };
    expect(set).toEqual({ done: true, revision: expect.any(Number) as number });
    expect(await inProcess(['cas', 'c', 'two', '--absent'])).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: `raft-client: not set: the key is one (revision ${revision})\n`,
    });
    expect(await asJson(inProcess, ['cas', 'c', 'two', '--expect', 'none'])).toEqual([
      1,
      { done: false, key: 'c', value: 'one', encoding: 'utf8', revision },
    ]);
    expect((await inProcess(['cas', 'c', 'two', '--expect', 'one'])).code).toBe(0);
    expect((await inProcess(['cas', 'c', 'three', '--expect-revision', String(revision)])).code).toBe(1);
    expect((await inProcess(['get', 'c'])).stdout).toBe('two\n');
    expect(await asJson(inProcess, ['cas', 'd', 'two', '--expect', 'x'])).toEqual([
      1,
      { done: false, key: 'd', encoding: 'utf8', revision: null },
    ]);
  });

  it('lists by prefix, in order and in pieces', async () => {
    for (const key of ['l/b', 'l/a', 'l/c', 'm']) await inProcess(['set', key, `of ${key}`]);
    expect((await inProcess(['list', 'l/'])).stdout).toBe('l/a\tof l/a\nl/b\tof l/b\nl/c\tof l/c\n');
    expect(await asJson(inProcess, ['list', 'l/', '--limit', '2', '--after', 'l/a'])).toMatchObject([
      0,
      { items: [{ key: 'l/b', value: 'of l/b' }, { key: 'l/c' }], more: false },
    ]);
    expect(await asJson(inProcess, ['list', 'l/', '--limit', '1'])).toMatchObject([
      0,
      { items: [{ key: 'l/a' }], more: true },
    ]);
  });

  it('takes and gives bytes that are no text', async () => {
    expect((await inProcess(['set', '/wA=', 'gIGC', '--encoding', 'base64'])).code).toBe(0);
    expect((await inProcess(['get', '/wA=', '--encoding', 'base64'])).stdout).toBe('gIGC\n');
    expect(await asJson(inProcess, ['get', '/wA=', '--encoding', 'base64'])).toMatchObject([
      0,
      { key: '/wA=', value: 'gIGC', encoding: 'base64' },
    ]);
    await program(['set', 'binary', '--value-file', '-'], { input: Buffer.from([0x80, 0x0a]) });
    expect(await asJson(inProcess, ['get', 'binary'])).toMatchObject([
      0,
      { key: 'YmluYXJ5', value: 'gAo=', encoding: 'base64' },
    ]);
    expect((await inProcess(['list', 'binary'])).stdout).toBe('binary\tbase64:gAo=\n');
    await inProcess(['set', 'lines', 'a\nb']);
    expect((await inProcess(['list', 'lines'])).stdout).toBe('lines\t"a\\nb"\n');
  });

  it('keeps to the limits, and says so', async () => {
    const file = join(directory, 'value');
    await writeFile(file, Buffer.alloc(2 ** 20, 'x'));
    expect(await inProcess(['set', 'large', '--value-file', file])).toMatchObject({ code: 0 });
    expect((await inProcess(['get', 'large'])).stdout).toHaveLength(2 ** 20 + 1);
    await writeFile(file, Buffer.alloc(2 ** 20 + 1));
    expect(await inProcess(['set', 'large', '--value-file', file])).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: 'raft-client: the value has 1048577 bytes: at most 1048576 are allowed\n',
    });
    expect((await inProcess(['set', 'k'.repeat(4097), 'v'])).code).toBe(2);
    expect((await inProcess(['get', ''])).code).toBe(2);
    expect(await inProcess(['set', 'k', '--value-file', join(directory, 'none')])).toMatchObject({
      ...{
        code: 2,
        stderr: `raft-client: --value-file ${join(directory, 'none')} cannot be read (ENOENT): name another\n`,
      },
    });
  });
});

describe('an outcome that is not known', () => {
  beforeAll(async () => startServers('tcp', 2, '--heartbeat-interval', '50', '--election-timeout', '2000-2500'));
  afterAll(async () => servers.killAll());

  it('has an exit code of its own', async () => {
    const leader = await servers.leader();
    // The leader is left alone with the command in its log, and goes on to lead for an election timeout.
    await servers.kill(leader === '1' ? '2' : '1');
    // In a session it would be tried again, and none can be opened here.
    const args = ['set', 'k', 'v', '--no-session', '--transport', 'tcp', '--timeout', '500', '--peers'];
    const outcome = await run('client', [...args, servers.addresses[Number(leader) - 1] ?? '']);
    expect(outcome).toMatchObject({
      ...{ code: 3, stdout: '' },
      stderr: expect.stringMatching(/^raft-client: .* may or may not be done, read before you repeat it\n$/) as string,
    });
  });
});

describe('wrong usage', () => {
  it.each([
    [['put', 'k', 'v'], /^raft-client: unknown command "put": use one of get, .*\n$/],
    [['get', 'k', '--transport', 'udp'], /^raft-client: --transport "udp" is unknown: use grpc or tcp\n$/],
    [['set', 'k'], /^raft-client: set needs a value: .*\n$/],
  ])('%j is one line and exit code 2', async (args, line) => {
    const { code, stdout, stderr } = await run('client', args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(line);
  });

  it('shows help and version', async () => {
    const help = await run('client', ['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('--op');
    expect((await run('client', ['--version'])).stdout).toBe('0.1.0\n');
  });
});
