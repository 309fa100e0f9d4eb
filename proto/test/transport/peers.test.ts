import type { Clock, Message } from '@raft/core';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Hello } from '../../src/index.js';
import { decodeEnvelope } from '../../src/index.js';
import { Peers, throttledLog } from '../../src/transport/index.js';
import type { EnvelopeQueue, PeerLinkEvents } from '../../src/transport/index.js';

/** A connection that the test opens and closes. */
interface Link {
  readonly address: string;
  readonly hello: Hello;
  readonly events: PeerLinkEvents;
  readonly queue: EnvelopeQueue;
  /** How this side has closed it. */
  closed: string | undefined;
  open(): void;
  /** The terms of what was sent since the last call. */
  sent(): number[];
}

let now: number;
let timers: { at: number; task: () => void }[];
let links: Link[];
let down: string[];
let up: string[];
let lines: string[];
let peers: Peers;

const clock: Clock = {
  now: () => now,
  setTimer(at, task) {
    const timer = { at, task };
    timers.push(timer);
    return { cancel: () => void (timers = timers.filter((each) => each !== timer)) };
  },
  defer: (task) => task(),
};

function advance(ms: number): void {
  const end = now + ms;
  for (;;) {
    const [next] = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
    if (next === undefined) break;
    timers = timers.filter((each) => each !== next);
    now = Math.max(now, next.at);
    next.task();
  }
  now = end;
}

function dial(address: string, hello: Hello, queue: EnvelopeQueue, events: PeerLinkEvents) {
  let opened = false;
  const end = (reason: string): void => {
    link.closed = reason;
    events.closed({ reason, opened, refused: false });
  };
  const link: Link = {
    address,
    hello,
    events,
    queue,
    closed: undefined,
    open() {
      opened = true;
      events.opened({ unsentBytes: 0, wake() {}, flush() {}, drain: (done) => done(), stop() {} });
    },
    sent() {
      const envelope = queue.take();
      return envelope === undefined ? [] : decodeEnvelope(envelope).messages.map(({ term }) => term);
    },
  };
  links.push(link);
  return { finish: end, destroy: end };
}

const to = (id: string, term: number): Message => ({ type: 'timeoutNow', from: '1', to: id, term });
const at = (...pairs: [string, string][]): Map<string, string> => new Map(pairs);
const open = (): Link[] => links.filter(({ closed }) => closed === undefined);

beforeEach(() => {
  now = 0;
  timers = [];
  links = [];
  down = [];
  up = [];
  lines = [];
  peers = new Peers({
    self: { clusterId: 'c', nodeId: '1' },
    limits: {
      maxQueuedBytes: 10_000,
      maxEnvelopeBytes: 1e6,
      maxEnvelopeName: 'max',
      minBackoffMs: 20,
      maxBackoffMs: 1000,
    },
    logger: (_, message) => void lines.push(message),
    log: throttledLog((_, message) => void lines.push(message), clock),
    clock,
    random: () => 1,
    advertised: () => 'self:1',
    dial,
    down: (peer) => void down.push(peer),
    up: (peer) => void up.push(peer),
  });
});

describe('a peer that comes and goes', () => {
  const flap = (times: number, openMs: number): void => {
    for (let i = 0; i < times; i++) {
      const link = links.at(-1) as Link;
      link.open();
      advance(openMs);
      link.events.closed({ reason: 'the peer connected anew', opened: true, refused: false });
      advance(1000);
    }
  };

  test('is told of some times, then ever more seldom', () => {
    peers.setPeers('g', at(['2', 'two:2']));
    flap(100, 500);
    expect(links.length).toBe(101);
    expect(lines.slice(0, 2)).toEqual([
      'connected to peer 2 at two:2',
      'lost the connection to peer 2 at two:2: the peer connected anew; trying again',
    ]);
    expect(lines.length).toBeLessThan(25);
  });

  test('between two places is told of seldom, too', () => {
    for (let i = 0; i < 100; i++) {
      peers.setPeers('g', at(['2', i % 2 === 0 ? 'two:2' : 'two:3']));
      links.at(-1)!.open();
      advance(500);
    }
    expect(links.length).toBe(100);
    expect(lines.length).toBeLessThan(20);
  });

  test('now and then is told of each time', () => {
    peers.setPeers('g', at(['2', 'two:2']));
    flap(5, 30_000);
    expect(lines.length).toBe(10);
  });
});

describe('a peer that no group names', () => {
  test('is dialled where it says it is, once something is to be said to it', () => {
    peers.send('g', [to('2', 1)]);
    peers.connected('2', 'two:2');
    expect(links).toEqual([]);
    peers.send('g', [to('2', 2)]);
    expect(links.map(({ address, hello }) => [address, hello.targetId, hello.address])).toEqual([
      ['two:2', '2', 'self:1'],
    ]);
    links[0]!.open();
    expect(links[0]!.sent()).toEqual([2]);
    peers.send('another group', [to('2', 3)]);
    expect(links[0]!.sent()).toEqual([3]);
    expect(links).toHaveLength(1);
  });

  test('is let go when its own connection ends, and nothing is sent to it afterwards', () => {
    peers.connected('2', 'two:2');
    peers.send('g', [to('2', 1)]);
    links[0]!.open();
    peers.disconnected('2');
    expect(links[0]!.closed).toBe('closed by this node');
    peers.send('g', [to('2', 2)]);
    advance(60_000);
    expect(links).toHaveLength(1);
    expect(peers.stats).toEqual({});
    expect(timers).toEqual([]);
  });

  test('that connects anew from elsewhere is followed', () => {
    peers.connected('2', 'two:2');
    peers.send('g', [to('2', 1)]);
    links[0]!.open();
    peers.connected('2', 'two:3');
    expect(open().map(({ address }) => address)).toEqual(['two:3']);
    expect(down).toEqual([]);
  });

  test('and is not spoken to any more is let go after a while', () => {
    peers.connected('2', 'two:2');
    peers.send('g', [to('2', 1)]);
    links[0]!.open();
    for (let i = 0; i < 10; i += 1) {
      advance(10_000);
      peers.send('g', [to('2', 2 + i)]);
    }
    expect(links[0]!.closed).toBeUndefined();
    advance(61_000);
    expect(links[0]!.closed).toBe('closed by this node');
    expect(timers).toEqual([]);
    peers.send('g', [to('2', 99)]);
    expect(open().map(({ address }) => address)).toEqual(['two:2']);
  });

  test.each(['', 'nonsense', 'host:99999'])('and says that it is at %j is not answered', (address) => {
    peers.connected('2', address);
    peers.send('g', [to('2', 1)]);
    expect(links).toEqual([]);
    expect(lines.length).toBe(address === '' ? 0 : 1);
  });
});

describe('a peer that a group names', () => {
  test('is reached there, whatever it says itself', () => {
    peers.connected('2', 'two:2');
    peers.send('g', [to('2', 1)]);
    peers.setPeers('g', at(['2', 'real:2']));
    expect(open().map(({ address }) => address)).toEqual(['real:2']);
    peers.connected('2', 'two:3');
    expect(open().map(({ address }) => address)).toEqual(['real:2']);
    peers.disconnected('2');
    expect(open()).toHaveLength(1);
  });

  test('and then not any more is let go, but answered while it is connected', () => {
    peers.setPeers('g', at(['2', 'real:2']));
    links[0]!.open();
    peers.connected('2', 'two:2');
    peers.setPeers('g', at());
    expect(open()).toEqual([]);
    expect(down).toEqual([]);
    peers.send('g', [to('2', 1)]);
    expect(open().map(({ address }) => address)).toEqual(['two:2']);
  });

  test('is dialled at once at a new address: the old connection is closed, what waits is kept, and nobody is told', () => {
    peers.setPeers('g', at(['2', 'old:2']));
    links[0]!.open();
    peers.send('g', [to('2', 1)]);
    peers.setPeers('g', at(['2', 'new:2']));
    expect(links.map(({ address, closed }) => [address, closed])).toEqual([
      ['old:2', 'it moved'],
      ['new:2', undefined],
    ]);
    links[1]!.open();
    expect(links[1]!.sent()).toEqual([1]);
    expect(down).toEqual([]);
  });

  test('is dialled at once at a new address also within a pause', () => {
    peers.setPeers('g', at(['2', 'old:2']));
    links[0]!.events.closed({ reason: 'away', opened: false, refused: false });
    peers.setPeers('g', at(['2', 'new:2']));
    expect(links.map(({ address }) => address)).toEqual(['old:2', 'new:2']);
  });

  test('is told of when it is connected and when its connection ends, not when it never was there', () => {
    peers.setPeers('g', at(['2', 'two:2']));
    links[0]!.events.closed({ reason: 'away', opened: false, refused: false });
    expect([down, up]).toEqual([[], []]);
    advance(20);
    links[1]!.open();
    expect([down, up]).toEqual([[], ['2']]);
    links[1]!.events.closed({ reason: 'broke', opened: true, refused: false });
    expect([down, up]).toEqual([['2'], ['2']]);
    advance(40);
    links[2]!.open();
    expect([down, up]).toEqual([['2'], ['2', '2']]);
  });
});

test('the close ends every connection and every timer, whatever is told afterwards', async () => {
  peers.setPeers('g', at(['2', 'two:2'], ['3', 'three:3']));
  links[0]!.open();
  peers.connected('4', 'four:4');
  peers.send('g', [to('4', 1)]);
  const closed = peers.close();
  peers.disconnected('4');
  await closed;
  expect(open()).toEqual([]);
  expect(timers).toEqual([]);
  peers.setPeers('g', at(['5', 'five:5']));
  peers.connected('6', 'six:6');
  peers.send('g', [to('6', 1), to('2', 2)]);
  expect(links).toHaveLength(3);
});
