import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connector } from '@raft/core';
import { grpcConnector } from '@raft/transport-grpc';
import { tcpConnector } from '@raft/transport-tcp';
import type { Status } from './cluster.js';
import { start } from './programs.js';
import type { RunningProgram } from './programs.js';

export const connectors: Readonly<Record<'tcp' | 'grpc', () => Connector>> = { tcp: tcpConnector, grpc: grpcConnector };

export interface FleetOptions {
  readonly transport: 'tcp' | 'grpc';
  readonly storage: 'inmemory' | 'simplefile' | 'level';
  readonly directory: string;
  /** The first of ports of which ten are free, and ten more a hundred above. */
  readonly basePort: number;
  /** For each server. */
  readonly flags?: readonly string[];
}

/** Servers that come and go: founders of a cluster and those that join it later. Ids are the digits from 1 to 9. */
export class ServerFleet {
  readonly #options: FleetOptions;
  readonly #running = new Map<string, RunningProgram>();
  readonly #places = new Map<string, readonly string[]>();

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  address(id: string): string {
    return `127.0.0.1:${this.#options.basePort + Number(id) - 1}`;
  }

  startFounder(id: string, peers: Readonly<Record<string, string>>): void {
    const named = Object.entries(peers).map(([peer, address]) => `${peer}=${address}`);
    this.#start(id, ['--peers', named.join(',')]);
  }

  /** An empty one that waits to be added. */
  startJoining(id: string): void {
    this.#start(id, ['--join', '--listen', this.address(id)]);
  }

  restart(id: string): void {
    this.#start(id, this.#places.get(id) ?? []);
  }

  #start(id: string, place: readonly string[]): void {
    const { transport, storage, directory, flags = [] } = this.#options;
    this.#places.set(id, place);
    const durable = storage === 'inmemory' ? [] : ['--data', join(directory, id)];
    const own = ['--id', id, ...place, '--transport', transport, '--storage', storage, ...durable];
    this.#running.set(id, start('server', [...own, '--http', this.#http(id), '--stop-on-stdin-end', ...flags]));
  }

  pid(id: string): number {
    return this.#running.get(id)?.pid ?? 0;
  }

  async kill(id: string): Promise<void> {
    const program = this.#running.get(id);
    program?.kill('SIGKILL');
    await program?.ended;
    this.#running.delete(id);
  }

  /** Kills it and takes its memory away. */
  async wipe(id: string): Promise<void> {
    await this.kill(id);
    await rm(join(this.#options.directory, id), { recursive: true, force: true });
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map(async (id) => this.kill(id)));
  }

  async status(id: string): Promise<Status | undefined> {
    try {
      const response = await fetch(`http://${this.#http(id)}/status`, { signal: AbortSignal.timeout(1000) });
      return (await response.json()) as Status;
    } catch {
      return undefined;
    }
  }

  /** The node that leads in the latest term. */
  async leader(timeoutMs = 30_000): Promise<string> {
    return this.eventually('no leader', timeoutMs, (all) => {
      const leaders = all.filter(({ role }) => role === 'leader').toSorted((a, b) => b.term - a.term);
      return leaders[0]?.id;
    });
  }

  async eventually<T>(what: string, timeoutMs: number, look: (all: readonly Status[]) => T | undefined): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const all = await Promise.all([...this.#running.keys()].map(async (id) => this.status(id)));
      const known = all.filter((status) => status !== undefined);
      const found = look(known);
      if (found !== undefined) return found;
      if (performance.now() > deadline) {
        const logs = [...this.#running].map(([id, program]) => `--- node ${id}\n${program.output().slice(-2000)}`);
        throw new Error(`${what} within ${timeoutMs} ms: ${JSON.stringify(known)}\n${logs.join('\n')}`);
      }
      await sleep(20);
    }
  }

  #http(id: string): string {
    return `127.0.0.1:${this.#options.basePort + 99 + Number(id)}`;
  }
}
