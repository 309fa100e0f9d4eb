import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { identify } from './identity.js';
import type { ProcessIdentity } from './identity.js';
import { dataFolder } from './layout.js';
import type { ClusterOptions } from './options.js';
import type { ClusterState, NodeState } from './state.js';

const serverProgram = fileURLToPath(new URL('../main.js', import.meta.url));

/** One raft-server that was started here. */
export interface NodeProcess {
  readonly node: NodeState;
  readonly identity: ProcessIdentity;
  readonly logFile: string;
  /** Resolves with how it ended, in words: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Lets this process end before it. */
  release(): void;
}

/** Throws when the process cannot be made. */
export function startNode(node: NodeState, state: ClusterState, options: ClusterOptions): NodeProcess {
  const logFile = join(options.directory, `node-${node.id}.log`);
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`);
  const log = openSync(logFile, 'a');
  try {
    // A session of its own keeps Ctrl-C in the terminal from it: it is told to stop. Its stdin ends when this process does,
    // however that happens, so no server is left behind unless it is meant to be.
    const child = spawn(process.execPath, serverArguments(node, state, options), {
      detached: true,
      stdio: [options.detach ? 'ignore' : 'pipe', log, log],
      env: cleanEnvironment(),
    });
    return watch(child, node, logFile);
  } finally {
    closeSync(log);
  }
}

function serverArguments(node: NodeState, state: ClusterState, options: ClusterOptions): string[] {
  const peers = state.nodes.map(({ id, address }) => `${id}=${address}`).join(',');
  return [
    serverProgram,
    ...['--id', node.id, '--peers', peers, '--cluster-id', state.clusterId, '--http', node.http],
    ...['--transport', state.transport, '--storage', state.storage],
    ...(options.durable ? ['--data', join(options.directory, dataFolder(options), `node-${node.id}`)] : []),
    ...(options.detach ? [] : ['--stop-on-stdin-end']),
    ...options.serverArguments,
  ];
}

/** Variables that are meant for a server by itself do not reach those of a cluster. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('RAFT_')));
}

function watch(child: ChildProcess, node: NodeState, logFile: string): NodeProcess {
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  // Ends with the child; nothing is ever written to it.
  child.stdin?.on('error', () => {});
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  return {
    node,
    identity: identity ?? { pid: child.pid ?? 0, started: '' },
    logFile,
    ended,
    // By its own handle: nothing happens when it has ended.
    kill: (signal) => void child.kill(signal),
    release: () => child.unref(),
  };
}

/** The last line of a log file, which says why a server ended; empty when there is none. */
export function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  } catch {
    return '';
  }
}
