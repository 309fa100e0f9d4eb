import {
  type Address,
  type Channel,
  ChannelError,
  type ChannelErrorCode,
  type Connector,
  type RaftError,
  type RequestOptions,
} from '@raft/core';
import { kvV1 } from '@raft/proto';
import { encodeError } from '../../src/response.js';
import type { VirtualClock } from './clock.js';

/** A request that has reached a server of the test, or is about to. */
export interface Asked {
  readonly address: Address;
  readonly request: kvV1.Request;
  readonly atMs: number;
  /** The key of a get, set, delete or compare-and-set. */
  readonly key: string;
  answer(response: kvV1.Response.$Properties): void;
  /** Answers as the service does when its node ends the request so. */
  error(error: RaftError): void;
  raw(bytes: Uint8Array): void;
  /** Ends it as a channel does. */
  fail(code: ChannelErrorCode, delivered: 'no' | 'maybe'): void;
}

export type Script = (asked: Asked) => void;

/** Servers that do as they are told, behind channels that keep the contract. */
export class FakeServers implements Connector {
  /** All requests, in the order of their arrival. */
  readonly asked: Asked[] = [];
  readonly channels: FakeChannel[] = [];
  readonly #clock: VirtualClock;
  readonly #scripts = new Map<Address, Script>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Where no script is, nobody listens. */
  on(address: Address, script: Script): void {
    this.#scripts.set(address, script);
  }

  connect(address: Address): FakeChannel {
    const channel = new FakeChannel(address, this.#clock, (asked) => {
      this.asked.push(asked);
      const script = this.#scripts.get(address) ?? (({ fail }) => fail('RAFT_CHANNEL_LOST', 'no'));
      script(asked);
    });
    this.channels.push(channel);
    return channel;
  }

  /** The addresses that were asked, in order. */
  get order(): string {
    return this.asked.map(({ address }) => address).join(' ');
  }
}

class FakeChannel implements Channel {
  readonly address: Address;
  closed = false;
  readonly #clock: VirtualClock;
  readonly #arrive: Script;
  readonly #underWay = new Set<() => void>();

  constructor(address: Address, clock: VirtualClock, arrive: Script) {
    this.address = address;
    this.#clock = clock;
    this.#arrive = arrive;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  request(payload: Uint8Array, { timeoutMs = 5000, signal }: RequestOptions = {}): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      let delivered: 'no' | 'maybe' = 'no';
      const end = (finish: () => void): void => {
        if (!this.#underWay.delete(onClose)) return;
        timer.cancel();
        signal?.removeEventListener('abort', onAbort);
        finish();
      };
      const fail = (code: ChannelErrorCode, how: 'no' | 'maybe' = delivered): void =>
        end(() => reject(new ChannelError(code, `${code} at ${this.address}`, how)));
      const onAbort = (): void => fail('RAFT_ABORTED');
      const onClose = (): void => fail('RAFT_CHANNEL_LOST');
      const timer = this.#clock.setTimer(this.#clock.now() + timeoutMs, () => fail('RAFT_TIMEOUT'));
      this.#underWay.add(onClose);
      if (this.closed) return onClose();
      if (signal?.aborted === true) return onAbort();
      signal?.addEventListener('abort', onAbort);
      const request = kvV1.Request.decode(payload);
      const body = request.get ?? request.set ?? request.delete ?? request.compareAndSet;
      const raw = (bytes: Uint8Array): void => end(() => resolve(bytes));
      queueMicrotask(() => {
        if (!this.#underWay.has(onClose)) return;
        delivered = 'maybe';
        this.#arrive({
          address: this.address,
          request,
          atMs: this.#clock.now(),
          key: Buffer.from(body?.key ?? []).toString(),
          raw,
          answer: (response) => raw(kvV1.Response.encode(response).finish()),
          error: (error) => raw(encodeError(error)),
          fail,
        });
      });
    });
  }

  close(): void {
    this.closed = true;
    for (const lose of this.#underWay) lose();
  }
}

/** Answers what a node that leads would, with revision 1. */
export const leads: Script = ({ request, answer }) => {
  if (request.get) answer({ get: { found: true, value: new Uint8Array(1), revision: 1 } });
  else if (request.set) answer({ set: { revision: 1 } });
  else if (request.delete) answer({ delete: { existed: true, revision: 1 } });
  else if (request.compareAndSet) answer({ compareAndSet: { swapped: true, current: { found: true, revision: 1 } } });
  else if (request.list) answer({ list: {} });
  else answer({ status: { id: '1', role: 'leader' } });
};

export const silent: Script = () => {};
