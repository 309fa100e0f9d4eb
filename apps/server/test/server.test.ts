import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeBasePort } from '../../../tests/support/ports.js';
import { run, start } from '../../../tests/process/support/programs.js';
import type { RunningProgram, RunOptions } from '../../../tests/process/support/programs.js';

let directory: string;
let port: number;
let running: RunningProgram[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'raft-server-'));
  port = await freeBasePort();
});
afterEach(async () => {
  for (const program of running) program.kill('SIGKILL');
  await Promise.all(running.map(async ({ ended }) => ended));
  running = [];
  await rm(directory, { recursive: true, force: true });
});

/** A single node that elects itself, quickly. */
function single(args: readonly string[], options: RunOptions = {}): RunningProgram {
  const own = ['--id', '1', '--peers', `1=127.0.0.1:${port}`, '--http', `127.0.0.1:${port + 100}`];
  const quickly = ['--heartbeat-interval', '20', '--election-timeout', '50-100'];
  const program = start('server', [...own, ...quickly, ...args], options);
  running.push(program);
  return program;
}

async function leads(): Promise<Record<string, unknown>> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const response = await fetch(`http://127.0.0.1:${port + 100}/status`).catch(() => undefined);
    const status = (await response?.json()) as Record<string, unknown> | undefined;
    if (status?.['role'] === 'leader' && Number(status['appliedIndex']) > 0) return status;
    await sleep(20);
  }
  throw new Error(`it does not lead: ${running.map((program) => program.output()).join('\n')}`);
}

describe('a single node', () => {
  it('works alone with everything in memory, without a port', async () => {
    const program = single(['--transport', 'inmemory', '--storage', 'inmemory']);
    await program.says(/up, without a port: inmemory stays in this process/);
    expect(await leads()).toMatchObject({
      ...{ id: '1', clusterId: 'raft', leaderId: '1', peers: [], version: '0.1.0' },
      membership: { voters: ['1'], learners: [], outgoing: [] },
    });
    program.kill('SIGTERM');
    const { code, stdout, stderr } = await program.ended;
    expect([code, stdout]).toEqual([0, '']);
    for (const line of stderr.trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ node: '1', cluster: 'raft' });
  });

  it.each(['simplefile', 'level'])(
    'stops cleanly at SIGINT and when stdin ends, and keeps its term: %s',
    async (storage) => {
      const durable = ['--transport', 'tcp', '--storage', storage, '--data', join(directory, 'new', 'data')];
      const first = single([...durable]);
      const { term } = await leads();
      first.kill('SIGINT');
      expect(await first.ended).toMatchObject({ code: 0 });
      const second = single([...durable, '--stop-on-stdin-end']);
      expect((await leads())['term']).toBeGreaterThan(Number(term));
      second.child.stdin?.end();
      expect(await second.ended).toMatchObject({ code: 0 });
    },
  );

  it('runs and stops while its stderr is a full pipe', async () => {
    const fifo = join(directory, 'stderr');
    expect(spawnSync('mkfifo', [fifo]).status).toBe(0);
    const pipe = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      expect(() => {
        for (;;) writeSync(pipe, Buffer.alloc(4096));
      }).toThrow(/EAGAIN/);
      const program = single(['--transport', 'inmemory', '--log-level', 'debug'], { stderr: pipe });
      await leads();
      program.kill('SIGTERM');
      expect((await program.ended).code).toBe(0);
    } finally {
      closeSync(pipe);
    }
  });

  it('goes on when the reader of its log goes', async () => {
    const program = single(['--transport', 'inmemory', '--log-level', 'debug']);
    program.child.stdout?.destroy();
    await leads();
    program.child.stderr?.destroy();
    await sleep(50);
    await leads();
    program.kill('SIGTERM');
    expect(await program.ended).toMatchObject({ code: 0 });
  });
});

describe('a node whose disk fails', () => {
  it.for([
    ['simplefile', '/\\d+\\.log at \\d+: EFBIG'],
    // LevelDB's own file, or the one beside it, whichever is written to first.
    ['level', '(: .*\\.log: File too large|/raft-level: EFBIG)'],
  ])(
    'ends within five seconds; its last line names the file and the cause: %s',
    async ([storage = '', cause], context) => {
      const data = join(directory, 'data');
      const durable = ['--transport', 'tcp', '--storage', storage, '--data', data];
      const program = single(durable);
      await leads();
      // No file may be written from its second byte on: every write from now on fails.
      const limited = spawnSync('prlimit', ['--pid', String(program.pid), '--fsize=1:1']);
      if (limited.error !== undefined) return context.skip('needs prlimit (Debian package util-linux)');
      const failedAt = performance.now();
      const client = await run('client', [
        'set',
        'k',
        'v',
        '--no-session',
        '--peers',
        `127.0.0.1:${port}`,
        '--transport',
        'tcp',
      ]);
      expect(client.code).toBe(3);
      const { code, stderr } = await program.ended;
      expect(performance.now() - failedAt).toBeLessThan(5000);
      expect(code).toBe(1);
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
        new RegExp(`^raft-server: node 1 stopped: the storage failed: cannot write ${data}${cause}`),
      );
      // What was damaged by nothing opens again.
      const again = single(durable);
      await leads();
      again.kill('SIGTERM');
      expect((await again.ended).code).toBe(0);
    },
  );

  it('does not start on damage, and names file and offset', async () => {
    const data = join(directory, 'data');
    const durable = ['--transport', 'tcp', '--storage', 'simplefile', '--data', data];
    const program = single(durable);
    await leads();
    program.kill('SIGTERM');
    await program.ended;
    const name = (await readdir(data)).find((file) => file.endsWith('.log'));
    const file = join(data, name ?? '');
    const bytes = await readFile(file);
    // Within the first record, with good ones after it.
    bytes.writeUInt8(bytes.readUInt8(90) ^ 1, 90);
    await writeFile(file, bytes);
    const { code, stderr } = await single(durable).ended;
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(new RegExp(`^raft-server: ${file} is damaged at offset \\d+`));
  });
});

describe('what cannot start', () => {
  /** One line, exit code 2, no stack trace. */
  async function refuses(args: readonly string[], line: string | RegExp): Promise<void> {
    const { code, stdout, stderr } = await run('server', args);
    expect(stdout).toBe('');
    if (typeof line === 'string') expect(stderr).toBe(`raft-server: ${line}\n`);
    else expect(stderr).toMatch(line);
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .filter((text) => !text.startsWith('{')),
    ).toHaveLength(1);
    expect(code).toBe(2);
  }
  const peers = (): string => `1=127.0.0.1:${port},2=127.0.0.1:${port + 1}`;

  it('an id that is not in --peers', async () => {
    await refuses(['--id', '3', '--peers', peers()], '--id 3 is not in --peers: use one of 1, 2, or add it to --peers');
  });

  it('an unknown flag', async () => {
    await refuses(['--id', '3', '--peer', peers()], 'unknown flag --peer: see raft-server --help');
  });

  it('simplefile without --data', async () => {
    await refuses(
      ['--id', '1', '--peers', peers(), '--storage', 'simplefile'],
      '--storage simplefile needs a directory for its files: add --data DIR',
    );
  });

  it.each([
    ['simplefile', 'level'],
    ['level', 'simplefile'],
  ])('a directory of %s, with %s', async (before, after) => {
    const data = join(directory, 'data');
    const program = single(['--transport', 'tcp', '--storage', before, '--data', data]);
    await leads();
    program.kill('SIGTERM');
    await program.ended;
    await refuses(
      ['--id', '1', '--peers', peers(), '--transport', 'tcp', '--storage', after, '--data', data],
      `--data ${data} holds data of --storage ${before}, not of ${after}: use that, or another directory`,
    );
  });

  it.each(['tcp', 'grpc'])('a port in use, with %s, and leaves no data behind', async (transport) => {
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      await refuses(
        [
          '--id',
          '1',
          '--peers',
          peers(),
          '--transport',
          transport,
          '--storage',
          'simplefile',
          '--data',
          join(directory, 'data'),
        ],
        `--listen 127.0.0.1:${port} is in use: stop what listens there, or choose another port`,
      );
      expect(await readdir(join(directory, 'data'))).toEqual([]);
    } finally {
      server.close();
    }
  });

  it('an address that is not of this machine', async () => {
    await refuses(
      ['--id', '1', '--peers', peers(), '--transport', 'tcp', '--listen', '192.0.2.1:7001'],
      /^raft-server: --listen: cannot listen on 192\.0\.2\.1:7001: .*EADDRNOTAVAIL.*\n$/,
    );
  });

  it('a status page whose port is in use', async () => {
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      await refuses(
        ['--id', '1', '--peers', `1=127.0.0.1:${port}`, '--transport', 'inmemory', '--http', `127.0.0.1:${port}`],
        `--http 127.0.0.1:${port} is in use: choose another port`,
      );
    } finally {
      server.close();
    }
  });

  it('a data directory that is a file, and one that cannot be made', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const args = ['--id', '1', '--peers', peers(), '--storage', 'simplefile', '--data'];
    await refuses([...args, file], `--data ${file} is a file: name a directory`);
    await refuses(
      [...args, join(file, 'data')],
      `--data ${join(file, 'data')} cannot be made (ENOTDIR): make it, or choose another`,
    );
  });

  it('a data directory that cannot be written to', async () => {
    // Root may write everywhere but here.
    const target = process.getuid?.() === 0 ? '/proc/1' : '/usr';
    await refuses(
      ['--id', '1', '--peers', peers(), '--storage', 'simplefile', '--data', join(target, 'raft-data')],
      new RegExp(`^raft-server: --data ${target}/raft-data cannot be made \\(E\\w+\\): make it, or choose another\\n$`),
    );
  });

  it('a data directory of another node, of another cluster, and one that is in use', async () => {
    const data = join(directory, 'data');
    const durable = ['--storage', 'simplefile', '--data', data, '--transport', 'tcp', '--peers', peers()];
    const owner = single(['--storage', 'simplefile', '--data', data, '--transport', 'tcp']);
    await leads();
    await refuses(
      ['--id', '2', ...durable],
      `--data: ${data} is in use by another storage, in this process or another: stop that one, or use another directory`,
    );
    owner.kill('SIGTERM');
    await owner.ended;
    await refuses(
      ['--id', '2', ...durable],
      `--data: ${data} belongs to node 1, not to node 2: give each its own directory`,
    );
    await refuses(
      ['--id', '1', ...durable, '--cluster-id', 'other'],
      `--data: ${data} belongs to cluster raft, not to cluster other: give each its own directory`,
    );
  });
});

describe('the programs', () => {
  it('are started by a shell as well as by node', () => {
    const { status, stdout } = spawnSync(process.execPath, ['apps/server/dist/main.js', '--version'], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, '0.1.0\n']);
  });

  it('show their help', async () => {
    expect(await run('server', ['--help'])).toMatchObject({ code: 0, stderr: '' });
    expect(await run('cluster', ['--help'])).toMatchObject({ code: 0, stderr: '' });
  });
});
