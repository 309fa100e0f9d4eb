import assert from 'node:assert/strict';
import type { Address, CallHandler, Connector, Message, NodeId, Receiver, Transport } from '@raft/core';

/** What a transport's author gives: a fresh world for each case. Works with any test runner. */
export type WorldFactory = () => World | Promise<World>;

export interface World {
  /** Makes and starts a node's transport; with `address`, where an earlier node of this world was. */
  start(options: NodeOptions): Promise<StartedNode>;
  /** Opens channels to the nodes of this world. */
  connector(): Connector;
  /** An address where nobody listens. */
  unusedAddress(): Promise<Address>;
  /** Closes whatever is open. */
  dispose(): Promise<void>;
}

export interface NodeOptions {
  readonly nodeId: NodeId;
  readonly address?: Address;
  readonly onCall?: CallHandler;
}

export interface StartedNode {
  readonly transport: Transport;
  readonly address: Address;
}

/** What a transport can do beyond the least; cases that need more are left out. */
export interface Abilities {
  /** Peers are found at the addresses that `setPeers` tells (not so within one process). */
  readonly addresses: boolean;
}

export interface TransportCase {
  readonly name: string;
  readonly needs?: keyof Abilities;
  /** Throws an `AssertionError` when the transport breaks its contract. */
  run(world: World): Promise<void>;
}

/** Runs one case in a world of its own, and cleans up whatever happens. */
export async function runCase(testCase: TransportCase, factory: WorldFactory): Promise<void> {
  const world = await factory();
  try {
    await testCase.run(world);
  } finally {
    await world.dispose();
  }
}

/** Resolves once `condition` holds; fails with `what` after `withinMs`. */
export async function until(condition: () => boolean, what: string, withinMs = 5000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) assert.fail(`not within ${withinMs} ms: ${what}`);
    await turn();
  }
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
}

export function inbox(): Inbox {
  const messages: Message[] = [];
  const calls: (readonly Message[])[] = [];
  return {
    messages,
    calls,
    receive(received) {
      calls.push(received);
      messages.push(...received);
    },
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

/** Data that differ from those of any other seed. */
export function pattern(bytes: number, seed: number): Uint8Array {
  const data = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i += 1) data[i] = (i * 31 + seed * 17 + (i >> 8)) & 0xff;
  return data;
}

/** Starts nodes `1` to `count` that know each other in group `g`, each with an inbox. */
export async function startNodes(
  world: World,
  count: number,
): Promise<(StartedNode & { readonly nodeId: NodeId; readonly inbox: Inbox })[]> {
  const nodes = [];
  for (let i = 1; i <= count; i += 1) {
    const node = await world.start({ nodeId: String(i) });
    const own = { ...node, nodeId: String(i), inbox: inbox() };
    own.transport.attach('g', own.inbox);
    nodes.push(own);
  }
  const addresses = new Map(nodes.map((node) => [node.nodeId, node.address]));
  for (const node of nodes) node.transport.setPeers('g', addresses);
  return nodes;
}

/**
 * Sends numbered messages, one each turn, until one arrives: for a connection that has to be found first. Returns the
 * number after the last one sent.
 */
export async function sendUntilReceived(
  from: Transport,
  message: (number: number) => Message,
  box: Inbox,
  group = 'g',
): Promise<number> {
  const before = box.messages.length;
  let number = 1;
  await until(() => {
    from.send(group, [message(number)]);
    number += 1;
    return box.messages.length > before;
  }, `a message arrives`);
  await until(() => box.messages.at(-1)?.term === number - 1, 'the last message arrives');
  return number;
}
