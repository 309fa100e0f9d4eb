import { getEventListeners } from 'node:events';
import { ChannelError } from '@raft/core';
import type { Call, CallHandler, Channel } from '@raft/core';
import { decodeCalls, decodeReplies, encodeCalls, encodeReplies } from '@raft/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inbox, numbered, pattern, sendUntilReceived, turn, until } from '../../testkit/src/transport-suite/world.js';
import { virtualClock } from '../../transport-memory/test/support/virtual-clock.js';
import { FrameKind } from '../src/frame.js';
import { frame, helloFrame, logBook, rawConnect, rawServer } from './support/raw.js';
import type { LogBook, Raw, RawServer } from './support/raw.js';
import { tcpWorld } from './support/world.js';
import type { TcpWorld } from './support/world.js';

let world: TcpWorld;
let log: LogBook;
let server: RawServer | undefined;

beforeEach(() => {
  world = tcpWorld();
  log = logBook();
  server = undefined;
});
afterEach(async () => {
  await world.dispose();
  await server?.close();
});

const echo: CallHandler = (call) => call.respond(call.payload);

async function rawClient(address: string): Promise<Raw> {
  const client = await rawConnect(address);
  client.send(helloFrame({ kind: 'client', nodeId: '', targetId: '' }));
  await until(() => client.frames.length === 1, 'the handshake');
  return client;
}

/** How a request ended. */
async function ending(request: Promise<Uint8Array>): Promise<string> {
  return request.then(
    (answer) => `answered ${answer.length}`,
    (error: unknown) => (error instanceof ChannelError ? `${error.code} ${error.delivered}` : String(error)),
  );
}

const calls = (raw: Raw): number[] =>
  raw.frames.filter(({ kind }) => kind === FrameKind.calls).map(({ payload }) => payload.length);

describe('the server', () => {
  test('sends the answers of a turn, promises included, in one frame', async () => {
    const { address } = await world.start({
      nodeId: '1',
      onCall: (call) => void Promise.resolve().then(() => call.respond(call.payload)),
    });
    const client = await rawClient(address);
    const batch = Array.from({ length: 50 }, (_, i) => ({ id: i + 1, payload: Uint8Array.of(i) }));
    client.send(frame(FrameKind.calls, encodeCalls(batch)));
    await until(() => client.frames.length > 1, 'answers');
    await turn();
    expect(client.frames.length).toBe(2);
    const replies = decodeReplies(client.frames[1]!.payload);
    expect(replies.map(({ id, payload }) => [id, ...(payload ?? [])])).toEqual(batch.map(({ id }) => [id, id - 1]));
    client.socket.destroy();
  });

  test.each([
    ['requests', { maxClientRequests: 10 }, 1],
    ['bytes of requests', { maxClientRequestBytes: 10_000 }, 1000],
  ])('does not read on while a client has too many %s under way; others are served', async (_, limits, size) => {
    const held: Call[] = [];
    const onCall: CallHandler = (call) =>
      void (call.payload.length === 5 ? call.respond(call.payload) : held.push(call));
    const { transport, address } = await world.start({ nodeId: '1', onCall, limits });
    const greedy = await rawClient(address);
    // One request a frame, in frames that do not fit one read: what is read at once comes in.
    const padding = new Uint8Array(70_000);
    for (let id = 1; id <= 100; id += 1) {
      greedy.send(frame(FrameKind.calls, encodeCalls([{ id, payload: new Uint8Array(size) }])));
      if (id % 10 === 0) greedy.send(frame(FrameKind.calls, encodeCalls([{ id: 1000 + id, payload: padding }])));
    }
    const other = world.connector().connect(address);
    for (let i = 0; i < 30; i += 1) {
      expect((await other.request(new Uint8Array(5))).length).toBe(5);
      await turn();
    }
    expect(held.length).toBeLessThan(30);
    expect(transport.stats().requests).toBe(held.length);
    // Answers let it go on, to the end.
    let answered = 0;
    await until(() => {
      for (const call of held.splice(0)) {
        call.respond(new Uint8Array(0));
        answered += 1;
      }
      return answered === 110;
    }, 'all are served');
    expect(transport.stats().requests).toBe(0);
    greedy.socket.destroy();
  });

  test('holds few answers for a client that does not read them, and serves the others', async () => {
    let served = 0;
    const { address } = await world.start({
      nodeId: '1',
      onCall(call) {
        if (call.payload.length === 2) served += 1;
        call.respond(new Uint8Array(100_000));
      },
    });
    const slow = await rawClient(address);
    slow.socket.pause();
    const other = world.connector().connect(address);
    // In frames that do not fit one read: what is read at once is served.
    const padding = new Uint8Array(70_000);
    for (let id = 1; id <= 1000; id += 1) {
      slow.send(frame(FrameKind.calls, encodeCalls([{ id, payload: new Uint8Array(2) }])));
      if (id % 10 === 0) slow.send(frame(FrameKind.calls, encodeCalls([{ id: 1000 + id, payload: padding }])));
      if (id % 50 === 0) expect((await other.request(Uint8Array.of(1))).length).toBe(100_000);
    }
    // Ten megabytes are what the sockets of both sides may hold, four more the node.
    expect(served).toBeLessThan(200);
    slow.socket.resume();
    await until(() => served === 1000, 'all are served');
    const replies = (): number =>
      slow.frames.flatMap(({ kind, payload }) => (kind === FrameKind.replies ? decodeReplies(payload) : [])).length;
    await until(() => slow.frames.length >= 100 && replies() === 1100, 'all are answered');
    slow.socket.destroy();
  });

  test('refuses answers beyond its limit, rather than hold them', async () => {
    const held: Call[] = [];
    const limits = { maxClientReplyBytes: 1_000_000 };
    const { address } = await world.start({ nodeId: '1', limits, onCall: (call) => void held.push(call) });
    const channel = world.connector().connect(address);
    const ends = Array.from({ length: 8 }, () =>
      channel.request(new Uint8Array(1)).then(({ length }) => length, String),
    );
    await until(() => held.length === 8, 'they arrive');
    // The first passes whatever its size.
    for (const [i, call] of held.entries()) call.respond(new Uint8Array(i === 0 ? 2_000_000 : 400_000));
    const refused = expect.stringMatching(/\d+ bytes of answers wait to be read: ask for less at a time/);
    expect(await Promise.all(ends)).toEqual([2_000_000, ...Array.from({ length: 7 }, () => refused)]);
    const next = ending(channel.request(new Uint8Array(1)));
    await until(() => held.length === 9, 'it arrives');
    held[8]?.respond(new Uint8Array(400_000));
    expect(await next).toBe('answered 400000');
  });

  test('never refuses a short answer: it may tell that something was done', async () => {
    const held: Call[] = [];
    const limits = { maxClientReplyBytes: 1_000_000 };
    const { address } = await world.start({ nodeId: '1', limits, onCall: (call) => void held.push(call) });
    const channel = world.connector().connect(address);
    const ends = Array.from({ length: 3 }, () => ending(channel.request(new Uint8Array(1))));
    await until(() => held.length === 3, 'they arrive');
    held[0]?.respond(new Uint8Array(2_000_000));
    held[1]?.respond(new Uint8Array(4096));
    held[2]?.respond(new Uint8Array(4097));
    expect(await Promise.all(ends)).toEqual(['answered 2000000', 'answered 4096', 'RAFT_CHANNEL_REFUSED maybe']);
  });

  test('closes on a client whose answers do not move at all, however few', async () => {
    const { address } = await world.start({
      nodeId: '1',
      logger: log.logger,
      limits: { silenceTimeoutMs: 60 },
      onCall: (call) => call.respond(new Uint8Array(20_000_000)),
    });
    const idle = world.connector().connect(address);
    await idle.request(new Uint8Array(1));
    const slow = await rawClient(address);
    slow.socket.pause();
    slow.send(frame(FrameKind.calls, encodeCalls([{ id: 1, payload: new Uint8Array(1) }])));
    await until(() => log.at('warn').length > 0, 'a line');
    expect(log.at('warn')).toEqual([expect.stringMatching(/the client does not read its answers/)]);
    slow.socket.destroy();
    // One that has all its answers may be silent for as long as it likes.
    expect(await ending(idle.request(new Uint8Array(1)))).toBe('answered 20000000');
    expect(log.at('warn').length).toBe(1);
  });

  test('peers are served while a client is slow', async () => {
    const { transport, address } = await world.start({
      nodeId: '1',
      onCall: (call) => call.respond(new Uint8Array(5_000_000)),
    });
    const slow = await rawClient(address);
    slow.socket.pause();
    slow.send(frame(FrameKind.calls, encodeCalls([1, 2, 3].map((id) => ({ id, payload: new Uint8Array(1) })))));
    const peer = await world.start({ nodeId: '2' });
    const box = inbox();
    transport.attach('g', box);
    peer.transport.setPeers('g', new Map([['1', address]]));
    await sendUntilReceived(peer.transport, (i) => numbered('2', '1', i), box);
    slow.socket.destroy();
  });

  test('tells a client that an answer does not fit a frame', async () => {
    const { address } = await world.start({
      nodeId: '1',
      limits: { maxFrameBytes: 10_000 },
      onCall: (call) => call.respond(new Uint8Array(call.payload.length * 100)),
    });
    const channel = world.connector().connect(address);
    await expect(channel.request(new Uint8Array(100))).rejects.toThrow(
      /the answer of 10000 bytes does not fit a frame/,
    );
    expect(await ending(channel.request(new Uint8Array(50)))).toBe('answered 5000');
  });

  test('a call that was taken back is cancelled, and its late answer goes nowhere', async () => {
    const held: Call[] = [];
    const { transport, address } = await world.start({ nodeId: '1', onCall: (call) => void held.push(call) });
    const client = await rawClient(address);
    client.send(frame(FrameKind.calls, encodeCalls([{ id: 1, payload: new Uint8Array(1) }])));
    await until(() => held.length === 1, 'it arrives');
    let cancelled = 0;
    held[0]!.oncancel = () => (cancelled += 1);
    const takeBack = encodeCalls([1, 1, 99].map((id) => ({ id, payload: new Uint8Array(0), cancel: true })));
    client.send(frame(FrameKind.calls, takeBack));
    await until(() => cancelled === 1, 'it is cancelled');
    held[0]!.respond(new Uint8Array(1));
    await turn();
    expect([cancelled, client.frames.length, transport.stats().requests]).toEqual([1, 1, 0]);
    client.socket.destroy();
  });
});

describe('a channel', () => {
  /** A channel to a hand-made server that answers nothing by itself. */
  async function toRaw(options = {}): Promise<{ channel: Channel; raw: () => Raw }> {
    server = await rawServer({ nodeId: '1' });
    const channel = world.connector(options).connect(server.address);
    return { channel, raw: () => server!.connections.at(-1)! };
  }

  const reply = (id: number): Buffer =>
    frame(FrameKind.replies, encodeReplies([{ id, payload: Uint8Array.of(id), error: undefined }]));

  test('connects at its first request, and sends those of a turn in one frame', async () => {
    const { channel, raw } = await toRaw();
    await turn();
    expect(server?.connections.length).toBe(0);
    const first = channel.request(new Uint8Array(10));
    await until(() => (server?.connections.length ?? 0) === 1 && calls(raw()).length === 1, 'it arrives');
    const rest = [2, 3, 4].map(() => channel.request(new Uint8Array(10)));
    await Promise.resolve();
    rest.push(channel.request(new Uint8Array(10)));
    await until(() => calls(raw()).length > 1, 'they arrive');
    expect(calls(raw()).length).toBe(2);
    raw().send(...[1, 2, 3, 4, 5].map(reply));
    expect((await Promise.all([first, ...rest])).map(([id]) => id)).toEqual([1, 2, 3, 4, 5]);
  });

  test('that is lost rejects what was sent with maybe, what was not with no; the next request connects anew', async () => {
    const { channel, raw } = await toRaw();
    const sent = channel.request(new Uint8Array(1));
    await until(() => (server?.connections.length ?? 0) === 1 && calls(raw()).length === 1, 'it arrives');
    raw().socket.destroy();
    expect(await ending(sent)).toBe('RAFT_CHANNEL_LOST maybe');
    // It had been open for an instant only, so there is a pause; then a request gets through.
    let next: Promise<string> = Promise.resolve('');
    await until(() => {
      if (server!.connections.length === 1) next = ending(channel.request(new Uint8Array(1)));
      return server!.connections.length === 2 && calls(raw()).length === 1;
    }, 'it connects anew');
    const [call] = decodeCalls(raw().frames.at(-1)!.payload);
    raw().send(reply(call!.id));
    const again = await next;
    expect(again).toBe('answered 1');
  });

  test('to a server that takes connections and never answers rejects with no, within its deadline', async () => {
    server = await rawServer({ nodeId: '1', reply: false });
    const channel = world
      .connector({ limits: { handshakeTimeoutMs: 80, minBackoffMs: 5000, maxBackoffMs: 5000 } })
      .connect(server.address);
    expect(await ending(channel.request(new Uint8Array(1), { timeoutMs: 20 }))).toBe('RAFT_TIMEOUT no');
    expect(await ending(channel.request(new Uint8Array(1)))).toBe('RAFT_CHANNEL_LOST no');
    // While it pauses, at once.
    const later = new Promise((resolve) => {
      setImmediate(resolve, 'later');
    });
    expect(await Promise.race([ending(channel.request(new Uint8Array(1))), later])).toBe('RAFT_CHANNEL_LOST no');
    expect(server.connections.length).toBe(1);
  });

  test('ends each request at its own deadline, with one timer', async () => {
    const clock = virtualClock();
    const { channel, raw } = await toRaw({ clock });
    const ends: string[] = [];
    const note = async (name: string, timeoutMs: number): Promise<void> => {
      ends.push(`${name} ${await ending(channel.request(new Uint8Array(1), { timeoutMs }))}`);
    };
    const requests = [note('late', 150), note('soon', 50), note('later', 250), note('never', Infinity)];
    await until(() => (server?.connections.length ?? 0) === 1 && calls(raw()).length === 1, 'they arrive');
    for (const [at, deadline] of [50, 150, 250].entries()) {
      clock.advance(deadline - clock.now() - 1);
      await turn();
      expect(ends).toHaveLength(at);
      clock.advance(1);
      await turn();
    }
    expect(ends).toEqual(['soon RAFT_TIMEOUT maybe', 'late RAFT_TIMEOUT maybe', 'later RAFT_TIMEOUT maybe']);
    raw().send(reply(1), reply(2), reply(4));
    await requests[3];
    // Answers that come too late do nothing; the one that waits for ever gets its own.
    expect(ends[3]).toBe('never answered 1');
    await until(() => calls(raw()).length > 1, 'the server is told');
  });

  test('leaves nothing on a signal that many requests share', async () => {
    const { address } = await world.start({ nodeId: '1', onCall: echo });
    const channel = world.connector().connect(address);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 5 }, () => channel.request(new Uint8Array(1), { signal })));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('that is busy says so, certainly not delivered', async () => {
    const { channel, raw } = await toRaw({ limits: { maxQueuedBytes: 1000 }, maxRequests: 10 });
    const first = channel.request(new Uint8Array(900));
    expect(await ending(channel.request(new Uint8Array(200)))).toBe('RAFT_CHANNEL_BUSY no');
    const small = Array.from({ length: 9 }, () => channel.request(new Uint8Array(1)));
    expect(await ending(channel.request(new Uint8Array(1)))).toBe('RAFT_CHANNEL_BUSY no');
    await until(() => (server?.connections.length ?? 0) === 1 && calls(raw()).length === 1, 'they arrive');
    raw().send(...Array.from({ length: 10 }, (_, i) => reply(i + 1)));
    await Promise.all([first, ...small]);
    const next = channel.request(new Uint8Array(1000));
    await until(() => calls(raw()).length === 2, 'it arrives');
    raw().send(reply(11));
    expect((await next)[0]).toBe(11);
  });

  test('to a server that does not read holds a bounded number of bytes', async () => {
    server = await rawServer({ nodeId: '1' });
    const channel = world.connector({ limits: { maxQueuedBytes: 3_000_000 } }).connect(server.address);
    const ends: Promise<string>[] = [ending(channel.request(new Uint8Array(1)))];
    await until(() => (server?.connections[0]?.frames.length ?? 0) === 2, 'the first arrives');
    server.connections[0]!.socket.pause();
    let busy = 0;
    for (let i = 0; i < 300; i += 1) {
      const end = ending(channel.request(new Uint8Array(100_000)));
      ends.push(end.then((outcome) => ((busy += outcome === 'RAFT_CHANNEL_BUSY no' ? 1 : 0), outcome)));
      await turn();
    }
    expect(busy).toBeGreaterThan(100);
    channel.close();
    const outcomes = await Promise.all(ends);
    expect(outcomes.filter((outcome) => outcome === 'RAFT_CHANNEL_LOST maybe').length).toBe(301 - busy);
  });

  test('refuses a request that does not fit a frame', async () => {
    const { address } = await world.start({ nodeId: '1', onCall: echo });
    const channel = world.connector({ limits: { maxFrameBytes: 1000 } }).connect(address);
    expect(await ending(channel.request(pattern(1000, 1)))).toBe('RAFT_CHANNEL_REFUSED no');
    expect(await ending(channel.request(pattern(900, 1)))).toBe('answered 900');
  });

  test.each([
    ['a bad checksum', frame(FrameKind.replies, new Uint8Array(3), 1)],
    ['a frame of another kind', frame(FrameKind.envelope, new Uint8Array(0))],
    ['malformed replies', frame(FrameKind.replies, Buffer.from('0aff', 'hex'))],
  ])('that gets %s from its server is lost', async (_, bytes) => {
    const { channel, raw } = await toRaw({ logger: log.logger });
    const request = channel.request(new Uint8Array(1));
    await until(() => (server?.connections.length ?? 0) === 1 && calls(raw()).length === 1, 'it arrives');
    raw().send(bytes);
    expect(await ending(request)).toBe('RAFT_CHANNEL_LOST maybe');
    expect(log.at('warn').length).toBe(1);
  });

  test('to a server that vanished is lost while requests wait, and not while none do', async () => {
    const clock = virtualClock();
    const { channel, raw } = await toRaw({ clock, limits: { silenceTimeoutMs: 60 } });
    const end = ending(channel.request(new Uint8Array(1), { timeoutMs: 30_000 }));
    await until(() => (server?.connections.length ?? 0) === 1 && calls(raw()).length === 1, 'it arrives');
    clock.advance(60);
    expect(await end).toBe('RAFT_CHANNEL_LOST maybe');
    expect(raw().frames.filter(({ kind }) => kind === FrameKind.ping)).toHaveLength(1);
  });

  test('to a malformed address is as to one where nobody is', async () => {
    const channel = world.connector().connect('nonsense');
    await expect(channel.request(new Uint8Array(1))).rejects.toThrow(/host:port/);
    expect(await ending(channel.request(new Uint8Array(1)))).toBe('RAFT_CHANNEL_LOST no');
  });
});
