import assert from 'node:assert/strict';
import type {
  Address,
  CallHandler,
  Connector,
  InstallSnapshot,
  Message,
  NodeId,
  Receiver,
  Transport,
} from '@raft/core';

/** A network for one case, made by the transport's author. */
export interface TransportWorld {
  /** Makes and starts a node's transport. */
  start(options: NodeOptions): Promise<StartedNode>;
  /** An address where nobody listens. */
  unusedAddress(): Promise<Address>;
  /** Opens channels to the nodes of this world; needed for the ability `clients`. */
  connector?(): Connector;
  /** Makes the node at an address stand still, without a word to anybody; needed for the ability `silence`. */
  silence?(node: StartedNode): void;
  /** Closes whatever is open. */
  dispose(): Promise<void>;
}

export type TransportWorldFactory = () => TransportWorld | Promise<TransportWorld>;

export interface NodeOptions {
  readonly nodeId: NodeId;
  /** Where an earlier node of this world was; by default wherever there is room. */
  readonly address?: Address;
  readonly onCall?: CallHandler;
  /** Of the cluster; by default that of all others of this world. Only with the ability `clusters`. */
  readonly clusterId?: string;
  /** How many bytes may wait for one peer. By default so many that no case comes near. */
  readonly maxQueuedBytes?: number;
  /** May be made silent. Only with the ability `silence`. */
  readonly silenceable?: boolean;
}

export interface StartedNode {
  readonly transport: Transport;
  readonly address: Address;
}

/** What a transport can do beyond the least; cases that need more are skipped. */
export interface TransportAbilities {
  /** Peers are found at the addresses that `setPeers` tells (not so within one process). */
  readonly addresses: boolean;
  /** There are clusters, and nodes of another one are refused. */
  readonly clusters: boolean;
  /** A node can be made to stand still, and the others notice within the suite's patience. */
  readonly silence: boolean;
  /** Clients are served, and a connector opens channels. */
  readonly clients: boolean;
}

/** A world with what the cases need besides. */
export interface Stage extends Required<TransportWorld> {
  /** Resolves once `condition` holds; fails with `what` when the suite's patience is over. */
  until(condition: () => boolean, what: string): Promise<void>;
}

export interface TransportCase {
  readonly name: string;
  readonly needs?: keyof TransportAbilities;
  /** Throws an `AssertionError` when the transport breaks its contract. */
  run(stage: Stage): Promise<void>;
}

/** Resolves once `condition` holds; fails with `what` after `withinMs`. */
export async function until(condition: () => boolean, what: string, withinMs = 20_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) assert.fail(`not within ${withinMs} ms: ${what}`);
    await turn();
  }
}

/** The same promise, whose rejection is no surprise when a case has failed before it looks. */
export function observed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Lets the event loop turn once, timers and sockets included. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}

/** A receiver that keeps what it got. */
export interface Inbox extends Receiver {
  readonly messages: Message[];
  /** Each call's messages. */
  readonly calls: (readonly Message[])[];
  /** Peers that were said to be down. */
  readonly down: NodeId[];
  /** Peers that were said to be reached. */
  readonly up: NodeId[];
}

export function inbox(): Inbox {
  const messages: Message[] = [];
  const calls: (readonly Message[])[] = [];
  const down: NodeId[] = [];
  const up: NodeId[] = [];
  return {
    messages,
    calls,
    down,
    up,
    receive(received) {
      calls.push(received);
      messages.push(...received);
    },
    peerDown: (peer) => void down.push(peer),
    peerUp: (peer) => void up.push(peer),
  };
}

/** The smallest message that carries a number. */
export function numbered(from: NodeId, to: NodeId, term: number): Message {
  return { type: 'requestVoteResponse', from, to, term, preVote: false, granted: true, storeId: '' };
}

/** An AppendEntries with one entry of the given data. */
export function withData(from: NodeId, to: NodeId, index: number, data: Uint8Array): Message {
  return {
    type: 'appendEntries',
    from,
    to,
    term: 1,
    prevLogIndex: index - 1,
    prevLogTerm: 1,
    leaderCommit: 0,
    round: 0,
    entries: [{ index, term: 1, type: 1, data }],
    quiesce: false,
  };
}

/** A piece of a snapshot. */
export function piece(from: NodeId, to: NodeId, offset: number, data: Uint8Array): InstallSnapshot {
  const configuration = {
    voters: ['1', '2'],
    outgoing: [],
    learners: [],
    addresses: { 1: 'a:1' },
    stores: {},
    returning: [],
  };
  return {
    type: 'installSnapshot',
    from,
    to,
    term: 1,
    round: 0,
    snapshot: { index: 9, term: 1, configuration, configurationIndex: 3 },
    streamId: 1,
    offset,
    data,
    checksum: 0xffff_fffe,
    done: false,
  };
}

/** Data that differ from those of any other seed. */
export function pattern(bytes: number, seed: number): Uint8Array {
  const data = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i += 1) data[i] = (i * 31 + seed * 17 + (i >> 8)) & 0xff;
  return data;
}

export interface Member extends StartedNode {
  readonly nodeId: NodeId;
  readonly inbox: Inbox;
}

/** Starts a node with an inbox in group `g`. */
export async function startMember(world: TransportWorld, options: NodeOptions): Promise<Member> {
  const node = await world.start(options);
  const box = inbox();
  node.transport.attach('g', box);
  return { ...node, nodeId: options.nodeId, inbox: box };
}

/** Starts nodes `1` to `count` that know each other in group `g`, each with an inbox. */
export async function startNodes(
  world: TransportWorld,
  count: number,
  options: Omit<NodeOptions, 'nodeId'> = {},
): Promise<Member[]> {
  const nodes: Member[] = [];
  for (let i = 1; i <= count; i += 1) nodes.push(await startMember(world, { ...options, nodeId: String(i) }));
  const addresses = new Map(nodes.map((node) => [node.nodeId, node.address]));
  for (const node of nodes) node.transport.setPeers('g', addresses);
  return nodes;
}

/** {@link startNodes} for two. */
export async function startPair(
  world: TransportWorld,
  options: Omit<NodeOptions, 'nodeId'> = {},
): Promise<[Member, Member]> {
  const [a, b] = await startNodes(world, 2, options);
  return [a!, b!];
}

/**
 * Sends numbered messages, one each turn, until one arrives: for a connection that has to be found first. Returns the
 * number after the last one sent.
 */
export async function sendUntilReceived(
  from: Transport,
  message: (number: number) => Message,
  box: Inbox,
  wait: Stage['until'] = until,
): Promise<number> {
  const before = box.messages.length;
  let number = 1;
  await wait(() => {
    from.send('g', [message(number)]);
    number += 1;
    return box.messages.length > before;
  }, `a message arrives`);
  await wait(() => box.messages.at(-1)?.term === number - 1, 'the last message arrives');
  return number;
}

/** Sends from one member to another until something arrives. */
export async function connect(stage: Stage, from: Member, to: Member): Promise<void> {
  const message = (number: number): Message => numbered(from.nodeId, to.nodeId, number);
  await sendUntilReceived(from.transport, message, to.inbox, stage.until);
}
