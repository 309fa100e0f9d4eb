import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from './programs.js';
import type { RunningProgram } from './programs.js';

export interface ClusterOptions {
  readonly transport: 'tcp' | 'grpc';
  readonly storage: 'inmemory' | 'simplefile' | 'level';
  /** Holds the nodes' data. */
  readonly directory: string;
  /** The first of ports of which ten are free, and ten more a hundred above. */
  readonly basePort: number;
  readonly size?: number;
  readonly flags?: readonly string[];
}

/** The part of `/status` that tests look at. */
export interface Status {
  readonly id: string;
  readonly role: string;
  readonly term: number;
  readonly leaderId: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  readonly snapshotIndex: number;
}

/** Server processes that a test starts, kills and restarts, each by its id. */
export class ServerCluster {
  readonly ids: readonly string[];
  readonly addresses: readonly string[];
  readonly #options: ClusterOptions;
  readonly #running = new Map<string, RunningProgram>();

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.ids = Array.from({ length: options.size ?? 3 }, (_, at) => String(at + 1));
    this.addresses = this.ids.map((_, at) => `127.0.0.1:${options.basePort + at}`);
  }

  start(id: string): void {
    const { transport, storage, directory, flags = [] } = this.#options;
    if (this.#running.has(id)) throw new Error(`node ${id} runs already`);
    const peers = this.ids.map((id, at) => `${id}=${this.addresses[at]}`).join(',');
    const program = start('server', [
      ...['--id', id, '--peers', peers, '--transport', transport, '--storage', storage, '--http', this.#http(id)],
      ...(storage === 'simplefile' ? ['--data', join(directory, id)] : []),
      ...['--stop-on-stdin-end', ...flags],
    ]);
    this.#running.set(id, program);
  }

  startAll(): void {
    for (const id of this.ids) this.start(id);
  }

  /** Kills a node at once and waits until it is gone. */
  async kill(id: string): Promise<void> {
    const program = this.#running.get(id);
    program?.kill('SIGKILL');
    await program?.ended;
    this.#running.delete(id);
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map(async (id) => this.kill(id)));
  }

  /** Undefined while the node does not answer. */
  async status(id: string): Promise<Status | undefined> {
    try {
      const response = await fetch(`http://${this.#http(id)}/status`, { signal: AbortSignal.timeout(1000) });
      return (await response.json()) as Status;
    } catch {
      return undefined;
    }
  }

  /** Waits until a node leads that a majority knows as leader. */
  async leader(timeoutMs = 20_000): Promise<string> {
    return this.#eventually('no leader', timeoutMs, (all) => {
      const votes = (id: string): number => all.filter(({ leaderId }) => leaderId === id).length;
      return this.ids.find((id) => votes(id) * 2 > this.ids.length);
    });
  }

  /** Waits until all nodes are up and have applied the same log. */
  async converged(timeoutMs = 60_000): Promise<number> {
    return this.#eventually('not all nodes caught up', timeoutMs, (all) => {
      const [first] = all;
      const same = all.every(
        ({ appliedIndex, lastIndex }) => appliedIndex === first?.lastIndex && lastIndex === appliedIndex,
      );
      return all.length === this.ids.length && same ? first?.appliedIndex : undefined;
    });
  }

  async #eventually<T>(what: string, timeoutMs: number, look: (all: Status[]) => T | undefined): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const all = await Promise.all(this.ids.map(async (id) => this.status(id)));
      const known = all.filter((status) => status !== undefined);
      const found = look(known);
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error(`${what} within ${timeoutMs} ms: ${this.describe(known)}`);
      await sleep(20);
    }
  }

  /** What the nodes say of themselves and the ends of their logs: for the message of a test that fails. */
  describe(known: readonly Status[]): string {
    const logs = [...this.#running].map(([id, program]) => `--- node ${id}\n${program.output().slice(-2000)}`);
    return `${JSON.stringify(known)}\n${logs.join('\n')}`;
  }

  #http(id: string): string {
    return `127.0.0.1:${this.#options.basePort + 100 + this.ids.indexOf(id)}`;
  }
}
