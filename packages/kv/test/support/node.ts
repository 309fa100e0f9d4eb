import type {
  Call,
  CallHandler,
  LogIndex,
  Membership,
  MembershipPreview,
  NodeEvents,
  NodeStatus,
  ProposeOptions,
  ReadOptions,
  SnapshotInfo,
} from '@raft/core';
import { kvV1 } from '@raft/proto';
import type { KvNode } from '../../src/index.js';
import type { KvAnswer, KvQuery, KvResult } from '../../src/types.js';

/** A node that keeps what it is asked and ends it as the test says. */
export class FakeNode implements KvNode {
  readonly proposed: { readonly command: Uint8Array; readonly options: ProposeOptions | undefined }[] = [];
  readonly asked: unknown[][] = [];
  readonly reads: { readonly query: KvQuery; readonly options: ReadOptions | undefined }[] = [];
  onPropose: () => Promise<KvResult> = () => new Promise(() => {});
  onRead: () => Promise<KvAnswer> = () => new Promise(() => {});
  /** Gives what a call besides those two ends in. */
  onOther: (name: string) => Promise<unknown> = () => new Promise(() => {});
  readonly listeners: { name: string; listener: unknown }[] = [];
  facts: NodeStatus = {
    id: '1',
    clusterId: 'cluster',
    groupId: 'default',
    storeId: 'store',
    state: 'running',
    role: 'leader',
    term: 3,
    leaderId: '1',
    commitIndex: 9,
    appliedIndex: 8,
    firstIndex: 2,
    lastIndex: 10,
    snapshotIndex: 1,
    healthy: true,
    diskFull: false,
    removed: false,
    membership: {
      index: 1,
      voters: ['1', '2'],
      learners: ['3'],
      outgoing: [],
      addresses: { 1: 'localhost:1', 2: 'localhost:2', 3: 'localhost:3' },
    },
    peers: [
      { id: '2', matchIndex: 9, nextIndex: 11, state: 'replicate', inflightMessages: 1, inflightBytes: 100 },
      { id: '3', matchIndex: 0, nextIndex: 1, state: 'snapshot', inflightMessages: 0, inflightBytes: 0 },
    ],
  };

  propose(command: Uint8Array, options?: ProposeOptions): Promise<KvResult> {
    this.proposed.push({ command, options });
    return this.onPropose();
  }

  read(query: KvQuery, options?: ReadOptions): Promise<KvAnswer> {
    this.reads.push({ query, options });
    return this.onRead();
  }

  status(): NodeStatus {
    return this.facts;
  }

  on<Name extends keyof NodeEvents>(name: Name, listener: (event: NodeEvents[Name]) => void): () => void {
    this.listeners.push({ name, listener });
    return () => {};
  }

  emit<Name extends keyof NodeEvents>(name: Name, event: NodeEvents[Name]): void {
    for (const { name: wanted, listener } of this.listeners) {
      if (wanted === name) (listener as (event: NodeEvents[Name]) => void)(event);
    }
  }

  snapshot(...args: unknown[]): Promise<SnapshotInfo> {
    return this.#other('snapshot', args);
  }

  registerSession(...args: unknown[]): Promise<LogIndex> {
    return this.#other('registerSession', args);
  }

  keepSession(...args: unknown[]): Promise<void> {
    return this.#other('keepSession', args);
  }

  closeSession(...args: unknown[]): Promise<void> {
    return this.#other('closeSession', args);
  }

  changeMembership(...args: unknown[]): Promise<Membership> {
    return this.#other('changeMembership', args);
  }

  previewMembership(...args: unknown[]): MembershipPreview {
    this.asked.push(['previewMembership', ...args]);
    return {
      before: { voters: ['1'], learners: [], quorum: 1 },
      after: { voters: ['1', '2'], learners: ['3'], quorum: 2 },
      joint: true,
      behind: [
        { id: '2', lag: 7 },
        { id: '3', lag: undefined },
      ],
    };
  }

  transferLeadership(...args: unknown[]): Promise<void> {
    return this.#other('transferLeadership', args);
  }

  #other<T>(name: string, args: unknown[]): Promise<T> {
    this.asked.push([name, ...args]);
    return this.onOther(name) as Promise<T>;
  }
}

/** A call as a transport makes it, and how it ended. */
export interface Asked extends Call {
  response: kvV1.Response | undefined;
  failure: string | undefined;
  /** Times that it was ended: more than once is a mistake. */
  ends: number;
}

export function ask(handler: CallHandler, payload: Uint8Array): Asked {
  const call: Asked = {
    payload,
    oncancel: undefined,
    response: undefined,
    failure: undefined,
    ends: 0,
    respond(bytes) {
      call.ends++;
      call.response = kvV1.Response.decode(bytes);
    },
    fail(message) {
      call.ends++;
      call.failure = message;
    },
  };
  handler(call);
  return call;
}

/** A request whose body is the command, as kv.proto promises that it can be. */
export function requestOf(command: Uint8Array, timeoutMs = 0): Uint8Array {
  return Buffer.concat([kvV1.Request.encode({ timeoutMs }).finish(), command]);
}

/** Lets everything settle that is ready. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
