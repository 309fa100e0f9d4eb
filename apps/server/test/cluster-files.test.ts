import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identify, isRunning, signal } from '../src/cluster/identity.js';
import { dataFolder, layOut } from '../src/cluster/layout.js';
import { program, readClusterOptions } from '../src/cluster/options.js';
import type { ClusterOptions } from '../src/cluster/options.js';
import { readState, withoutProcesses, writeState } from '../src/cluster/state.js';
import { stopCluster } from '../src/cluster/stop.js';
import { readFlags } from '../src/flags.js';
import { freeBasePort } from '../../../tests/support/ports.js';

let directory: string;
let basePort: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'raft-cluster-'));
  basePort = await freeBasePort();
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function options(...args: string[]): Promise<ClusterOptions> {
  const given = await readFlags(program, ['--data', directory, '--base-port', String(basePort), ...args], {}, '');
  if (typeof given === 'string') throw new Error(given);
  return readClusterOptions(given);
}

describe('a process that was started', () => {
  it('is told from another one of the same number, which gets no signal', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      const known = identify(child.pid ?? 0);
      if (known === undefined) throw new Error('the child does not run');
      expect(isRunning(known)).toBe(true);
      expect(signal({ ...known, started: 'another time' }, 'SIGKILL')).toBe(false);
      expect(isRunning(known)).toBe(true);
      const exit = once(child, 'exit');
      expect(signal(known, 'SIGTERM')).toBe(true);
      expect(await exit).toEqual([null, 'SIGTERM']);
      expect(isRunning(known)).toBe(false);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('the layout of a cluster', () => {
  it('gives each node its ports', async () => {
    const { nodes } = await layOut(await options('--nodes', '2'));
    expect(nodes).toEqual([
      { id: '1', address: `127.0.0.1:${basePort}`, http: `127.0.0.1:${basePort + 100}` },
      { id: '2', address: `127.0.0.1:${basePort + 1}`, http: `127.0.0.1:${basePort + 101}` },
    ]);
  });

  it('names the ports that are busy', async () => {
    const server = createServer().listen(basePort + 1, '127.0.0.1');
    try {
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      await expect(layOut(await options())).rejects.toThrow(
        `127.0.0.1:${port} in use: stop what listens there, or choose another --base-port`,
      );
    } finally {
      server.close();
    }
  });

  it('does not start beside processes that run', async () => {
    const state = await layOut(await options('--nodes', '1'));
    const own = identify(process.pid);
    if (own === undefined) throw new Error('this process does not run');
    await writeState(directory, { ...state, nodes: state.nodes.map((node) => ({ ...node, process: own })) });
    await expect(layOut(await options())).rejects.toThrow(
      `a cluster runs in ${directory} already (process ${own.pid})`,
    );
  });

  it('keeps the data of another shape apart, and removes all when told to, with nothing else', async () => {
    const [three, five] = [await options('--nodes', '3'), await options('--nodes', '5', '--fresh')];
    expect([dataFolder(three), dataFolder(five)]).toEqual([`3-nodes-${basePort}`, `5-nodes-${basePort}`]);
    await writeState(directory, await layOut(three));
    await mkdir(join(directory, dataFolder(three), 'node-1'), { recursive: true });
    await writeFile(join(directory, 'mine.txt'), '');
    expect((await layOut(five)).nodes).toHaveLength(5);
    expect(await readdir(directory)).toEqual(['mine.txt']);
  });

  it('wipes no directory that is not a cluster’s', async () => {
    await writeFile(join(directory, 'mine.txt'), '');
    await expect(layOut(await options('--fresh'))).rejects.toThrow(/holds mine.txt and no cluster.json/);
    expect(await readdir(directory)).toEqual(['mine.txt']);
  });

  it('refuses a cluster.json that is none', async () => {
    await writeFile(join(directory, 'cluster.json'), '{');
    await expect(layOut(await options())).rejects.toThrow(/cluster.json is not a cluster's/);
  });
});

describe('the options of a cluster', () => {
  const bad: [args: string[], message: RegExp][] = [
    [['--transport', 'inmemory'], /^--transport inmemory reaches no other process: use grpc or tcp$/],
    [['--transport', 'udp'], /^--transport "udp" is unknown/],
    [['--storage', 'disk'], /^--storage "disk" is unknown: use inmemory, simplefile or level$/],
    [['--nodes', '10'], /^--nodes is "10": give a whole number of nodes from 1 to 9$/],
    [['halt'], /^unknown argument "halt": see raft-cluster --help$/],
  ];
  it.each(bad)('refuse %j', async (args, message) => {
    await expect(options(...args)).rejects.toThrow(message);
  });
});

describe('stopping', () => {
  it('signals only the processes that were started', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      const [known, strange] = [identify(child.pid ?? 0), identify(other.pid ?? 0)];
      if (known === undefined || strange === undefined) throw new Error('the children do not run');
      const state = await layOut(await options('--nodes', '2'));
      const processes = [known, { ...strange, started: 'another time' }];
      const nodes = state.nodes.flatMap((node, at) => {
        const identity = processes[at];
        return identity === undefined ? [] : [{ ...node, process: identity }];
      });
      await writeState(directory, { ...state, nodes });
      expect(await stopCluster(directory)).toBe(`the cluster in ${directory} is stopped`);
      expect([isRunning(known), isRunning(strange)]).toEqual([false, true]);
      expect(await readState(directory)).toEqual(withoutProcesses(state));
      expect(await stopCluster(directory)).toBe(`no cluster runs in ${directory}`);
    } finally {
      child.kill('SIGKILL');
      other.kill('SIGKILL');
    }
  });

  it('says when there was none', async () => {
    expect(await stopCluster(directory)).toBe(`no cluster was started in ${directory}`);
  });
});
