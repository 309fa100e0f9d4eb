import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const programs = {
  server: built('apps/server/dist/main.js'),
  cluster: built('apps/server/dist/cluster.js'),
  client: built('apps/client/dist/main.js'),
};
export type ProgramName = keyof typeof programs;

function built(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

export interface Outcome {
  /** A signal's name when one ended it. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProgram {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves once the program has ended and all it wrote is there. */
  readonly ended: Promise<Outcome>;
  /** What it has written to stdout and stderr so far. */
  output(): string;
  /** Resolves with the first match in what it writes; rejects when it ends without one, or after `timeoutMs`. */
  says(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin, which is then closed. Without it stdin stays open and empty. */
  readonly input?: string | Uint8Array;
  /** A file descriptor that stands for stderr; what is written there is not seen here. */
  readonly stderr?: number;
}

/** Starts a built program; whoever does so ends it. Throws when it has not been built. */
export function start(name: ProgramName, args: readonly string[], options: RunOptions = {}): RunningProgram {
  const file = programs[name];
  if (!existsSync(file)) throw new Error(`${file} is not there: build it with "pnpm build", then run the tests again`);
  const own = Object.entries(process.env).filter(([variable]) => !/^(RAFT_|npm_|VITEST|NODE_)/.test(variable));
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['pipe', 'pipe', options.stderr ?? 'pipe'],
    env: { ...Object.fromEntries(own), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  child.stdin?.on('error', () => {});
  if (options.input !== undefined) child.stdin?.end(options.input);
  return watch(child);
}

/** Runs a built program to its end. */
export async function run(name: ProgramName, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return start(name, args, { input: '', ...options }).ended;
}

function watch(child: ChildProcess): RunningProgram {
  const texts = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: signal ?? code ?? -1, ...texts }));
  });
  const output = (): string => texts.stdout + texts.stderr;
  return {
    child,
    pid: child.pid ?? 0,
    ended,
    output,
    says: async (pattern, timeoutMs = 20_000) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          listeners.delete(look);
          settle();
        };
        const look = (): void => {
          const found = pattern.exec(texts.stdout) ?? pattern.exec(texts.stderr);
          if (found) finish(() => resolve(found));
        };
        const fail = (why: string): void => finish(() => reject(new Error(`${pattern} ${why}:\n${output()}`)));
        const timer = setTimeout(() => fail(`was not said within ${timeoutMs} ms`), timeoutMs);
        listeners.add(look);
        ended.then(
          () => fail('was not said before the end'),
          (error: unknown) => fail(String(error)),
        );
        look();
      }),
    kill: (signal) => void child.kill(signal),
  };
}
