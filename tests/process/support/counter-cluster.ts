import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CallOptions, NodeStatus, ProposeOptions } from '@raft/core';

const program = fileURLToPath(new URL('counter-node.mjs', import.meta.url));
const built = fileURLToPath(new URL('../../../packages/core/dist/index.js', import.meta.url));

export interface CounterOptions {
  readonly directory: string;
  readonly basePort: number;
  readonly snapshotThresholdEntries: number;
}

/** What a call to a process ended in, when not in a value. `LOST`: the process died before it answered. */
export class CallError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Answer {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: { readonly code?: string; readonly message: string };
}

interface Member {
  readonly child: ChildProcess;
  readonly waiting: Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>;
}

/** Three processes that count; each call goes to one of them. */
export class CounterCluster {
  readonly ids: readonly string[] = ['1', '2', '3'];
  readonly #options: CounterOptions;
  readonly #members = new Map<string, Member>();
  #nextCall = 1;

  constructor(options: CounterOptions) {
    if (!existsSync(built))
      throw new Error(`${built} is not there: build it with "pnpm build", then run the tests again`);
    this.#options = options;
  }

  get running(): string[] {
    return [...this.#members.keys()];
  }

  async start(id: string): Promise<void> {
    const { directory, basePort, snapshotThresholdEntries } = this.#options;
    const peers = Object.fromEntries(this.ids.map((each, at) => [each, `127.0.0.1:${basePort + at}`]));
    const options = { id, peers, directory: join(directory, id), snapshotThresholdEntries };
    const child = fork(program, [JSON.stringify(options)], { execArgv: [] });
    const member: Member = { child, waiting: new Map() };
    child.on('message', (answer: Answer) => settle(member, answer));
    child.on('exit', () => {
      if (this.#members.get(id) === member) this.#members.delete(id);
      for (const { reject } of member.waiting.values()) reject(new CallError('LOST', `process ${id} ended`));
      member.waiting.clear();
    });
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error(`process ${id} did not start`))),
    ]);
    this.#members.set(id, member);
  }

  async kill(id: string): Promise<void> {
    const child = this.#members.get(id)?.child;
    if (child === undefined) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async killAll(): Promise<void> {
    await Promise.all(this.running.map((id) => this.kill(id)));
  }

  register(id: string, options: CallOptions): Promise<number> {
    return this.#call(id, { call: 'register', options }) as Promise<number>;
  }

  propose(id: string, command: string, options: ProposeOptions): Promise<string> {
    return this.#call(id, { call: 'propose', command, options }) as Promise<string>;
  }

  /** All commands that were counted, in order: a linearizable read. */
  commands(id: string, options: CallOptions): Promise<string[]> {
    return this.#call(id, { call: 'commands', options }) as Promise<string[]>;
  }

  status(id: string): Promise<NodeStatus> {
    return this.#call(id, { call: 'status' }) as Promise<NodeStatus>;
  }

  /** Waits until a node leads. */
  async leader(timeoutMs = 20_000): Promise<string> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      for (const id of this.running) {
        const role = await this.status(id).then(
          (status) => status.role,
          () => 'unknown',
        );
        if (role === 'leader') return id;
      }
      if (performance.now() > deadline) throw new Error(`nobody led within ${timeoutMs} ms`);
      await sleep(20);
    }
  }

  #call(to: string, message: object): Promise<unknown> {
    const member = this.#members.get(to);
    if (member === undefined) return Promise.reject(new CallError('LOST', `process ${to} does not run`));
    const id = this.#nextCall++;
    return new Promise((resolve, reject) => {
      member.waiting.set(id, { resolve, reject });
      member.child.send({ id, ...message }, (error) => {
        if (error !== null && member.waiting.delete(id)) reject(new CallError('LOST', error.message));
      });
    });
  }
}

function settle({ waiting }: Member, { id, value, error }: Answer): void {
  if (id === undefined) return;
  const call = waiting.get(id);
  waiting.delete(id);
  if (error === undefined) call?.resolve(value);
  else call?.reject(new CallError(error.code ?? 'FOREIGN', error.message));
}
