import type { TransportWorld } from '@raft/testkit';
import { transportSuite } from '@raft/testkit';
import { describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { tcpWorld } from '../../../transport-tcp/test/support/world.js';
import { broken } from './broken.js';

const patienceMs = 400;
/** What takes longer has failed: whoever runs a suite limits the time of a case. */
const limitMs = 1500;

/** For each case of the suite, transports that break what it says. Every case has one at least. */
const breakers: Readonly<Record<string, readonly (keyof typeof broken)[]>> = {
  'a message of each kind arrives as it was sent': ['changes what it carries'],
  'messages to one peer arrive in the order of the send calls, all of them while it keeps up': [
    'hands over in another order',
    'loses some messages',
  ],
  'one send call may carry messages to several peers': ['sends to the first peer of a call only'],
  'nothing is delivered within a send call': ['delivers within send'],
  'messages that are delivered together are of one sender': ['mixes senders'],
  'groups are kept apart': ['knows one group only'],
  'messages to strangers and to oneself are dropped, without an error': ['throws for strangers'],
  'a group has one receiver; detached it gets nothing, and it can be attached again': ['does not detach'],
  'both directions at once': ['sends in one direction only', 'hands over in another order'],
  'send never throws: with a peer away, after the close': ['throws after the close'],
  'after the close nothing is delivered; it may be called twice': ['goes on after the close'],
  'messages with megabytes and with nothing arrive whole': ['cuts off long messages'],
  'pieces of a snapshot of up to a mebibyte arrive whole, in their order': [
    'cuts off long messages',
    'hands over in another order',
  ],
  'received bytes stay as they are, whatever arrives later': ['uses its buffers again'],
  'what is kept of a small message does not keep the memory of large ones': ['gives views of large buffers'],
  'what waits for a peer is bounded: beyond, the newest messages are dropped, and later ones arrive again': [
    'has no limit',
    'drops the oldest',
  ],
  'pieces of a snapshot that wait leave room for other messages': ['lets pieces of snapshots take the room'],
  'a message does not wait for the pieces of a snapshot that were sent before it': [
    'sends one message after the other',
  ],
  'a peer that is away does not delay the others': ['waits for the first peer of a call'],
  'a peer that stands still does not delay the others': ['waits for the first peer of a call'],
  'many groups with much to send each get their turn': ['lets one group starve'],
  'a peer that was away is found again, and so is one that was restarted': ['gives up peers'],
  'every group is told of a peer that goes, and of no other': [
    'does not tell of peers that go',
    'tells one group only',
    'tells of peers that are there',
  ],
  'a peer that is said to be down can be reached again, and is told of when it goes again': [
    'gives up peers',
    'tells of peers that are there',
  ],
  'every group is told when a peer that was lost can be reached again, with nothing sent to it': [
    'does not tell of peers that come back',
    'tells one group only',
  ],
  'a peer that falls silent is told of, though nothing is sent to it': ['does not tell of peers that go'],
  'a node that was told of nobody answers a peer that has connected, where it says it is': [
    'answers only those that it was told of',
  ],
  'where setPeers says that a peer is counts more than what it says itself': ['trusts peers more than setPeers'],
  'a peer that is neither named any more nor connected gets nothing': ['forgets no peer'],
  'a peer whose address changes is reached at the new one, and no longer at the old one': [
    'stays with the first address',
  ],
  'a node that does not answer to the expected id is refused': ['takes anybody at an address'],
  'a node of another cluster is refused, by whoever is connected to and by whoever connects': ['knows no clusters'],
  'a request is answered': ['serves nobody'],
  'empty and large payloads pass': ['cuts off long answers'],
  'many requests at once each get their own answer, in any order': ['mixes up answers'],
  'requests of one channel arrive in order': ['hands over requests in another order'],
  'a call that the handler fails is refused with its message': ['answers what was refused'],
  'only the first end of a call counts': ['takes the last answer'],
  'a node that serves no clients refuses them': ['serves clients unasked'],
  'a request without an answer ends with RAFT_TIMEOUT, and the call is cancelled once': [
    'knows no timeout',
    'does not cancel calls',
  ],
  'an aborted request ends with RAFT_ABORTED, and the call is cancelled': ['knows no abort', 'does not cancel calls'],
  'nobody at the address: RAFT_CHANNEL_LOST, certainly not delivered': ['says of everything that it may be delivered'],
  'a node that closes ends the requests under way with RAFT_CHANNEL_LOST, perhaps delivered': [
    'leaves requests hanging',
  ],
  'a channel that is closed rejects what is under way and what comes later': ['does not close channels'],
  'a channel finds a node that comes later, and one that was restarted': ['connects once'],
  'one channel that waits does not hold up another': ['serves one request at a time'],
};

function good(): TransportWorld {
  const world = tcpWorld();
  return { ...world, start: (options) => world.start({ limits: { peerTimeoutMs: 300 }, ...options }) };
}

/** Runs one case with a fault; resolves with what it says, undefined when it passes. */
async function complaint(
  name: string,
  fault: (world: TransportWorld) => TransportWorld,
  onTestFinished: TestContext['onTestFinished'],
): Promise<unknown> {
  const open = (): TransportWorld => {
    const world = fault(good());
    // Also those of cases that hang.
    onTestFinished(() => world.dispose());
    return world;
  };
  const { cases } = transportSuite({ name: 'broken', open, patienceMs });
  const found = cases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`the suite has no case ${name}`);
  const end = found.run().then(
    () => undefined,
    (error: unknown) => error,
  );
  const limit = new Promise((resolve) => {
    setTimeout(resolve, limitMs, 'hangs');
  });
  return Promise.race([end, limit]);
}

test('every case of the transport suite has a transport that it finds out', () => {
  const { cases } = transportSuite({ name: 'broken', open: good });
  expect(Object.keys(breakers).toSorted()).toEqual(cases.map(({ name }) => name).toSorted());
  const used = new Set(Object.values(breakers).flat());
  expect(Object.keys(broken).filter((name) => !used.has(name))).toEqual([]);
});

// Much of a case is waiting for what does not come: a few share the time.
describe.concurrent.each(Object.entries(breakers))('%s', (name, faults) => {
  test.for(faults)('is not so with a transport that %s', async (fault, { onTestFinished }) => {
    expect(await complaint(name, broken[fault]!, onTestFinished)).toBeDefined();
  });
});
