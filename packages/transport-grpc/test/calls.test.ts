import { status } from '@grpc/grpc-js';
import type { Call } from '@raft/core';
import { decodeCalls, decodeReplies, encodeCalls, encodeReplies } from '@raft/proto';
import { describe, expect, test } from 'vitest';
import { virtualClock } from '../../transport-memory/test/support/virtual-clock.js';
import { openChannel, quick, startNode, turn, until } from './support/nodes.js';
import type { Node } from './support/nodes.js';
import { callPath, hello, rawClient, rawStream } from './support/raw.js';
import { accept, startRawServer } from './support/raw-server.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const clientHello = hello({ kind: 'client', nodeId: '', targetId: '' });

async function startHolding(options: Parameters<typeof startNode>[0] = {}): Promise<{ node: Node; calls: Call[] }> {
  const calls: Call[] = [];
  const node = await startNode({ onCall: (call) => void calls.push(call), ...options });
  return { node, calls };
}

describe('the pipelined stream of a node', () => {
  test.each([
    ['nonsense', Buffer.from('0affffff', 'hex'), /truncated/],
    [
      'a call that is under way already',
      encodeCalls([{ id: 1, payload: bytes('again') }]),
      /call 1 is under way already/,
    ],
  ])('is ended by %s, with a log line; its calls are cancelled and other clients served', async (_, batch, reason) => {
    const { node, calls } = await startHolding();
    const { stream, status: ended } = rawStream(rawClient(node.address), callPath, clientHello);
    stream.write(encodeCalls([{ id: 1, payload: bytes('held') }]));
    await until(() => calls.length === 1, 'the call arrives');
    let cancelled = 0;
    calls[0]!.oncancel = () => (cancelled += 1);
    const other = openChannel(node.address).request(bytes('other'));
    await until(() => calls.length === 2, 'the other call arrives');
    stream.write(batch);
    expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(reason) });
    expect(node.log).toEqual([expect.stringMatching(/^warn closed the stream of a client from 127\.0\.0\.1:\d+: /)]);
    expect(cancelled).toBe(1);
    calls[0]!.respond(bytes('too late'));
    calls[1]!.respond(bytes('answer'));
    expect(text(await other)).toBe('answer');
  });

  test('needs no handshake, so that any gRPC tool can use it, and ends once all is answered', async () => {
    const { node, calls } = await startHolding();
    const { stream, status: ended, messages } = rawStream(rawClient(node.address), callPath);
    stream.write(
      encodeCalls([
        { id: 7, payload: bytes('a') },
        { id: 8, payload: bytes('b') },
      ]),
    );
    stream.end();
    await until(() => calls.length === 2, 'the calls arrive');
    await turn();
    calls[1]!.respond(bytes('B'));
    await turn();
    calls[0]!.fail('no');
    expect((await ended).code).toBe(status.OK);
    expect(messages.flatMap((message) => decodeReplies(message))).toEqual([
      { id: 8, payload: bytes('B'), error: undefined },
      { id: 7, payload: undefined, error: 'no' },
    ]);
    expect(node.transport.stats()).toMatchObject({ clients: 0, requests: 0 });
  });

  test('gives calls whose payload holds little more memory than its own', async () => {
    const { node, calls } = await startHolding();
    const request = openChannel(node.address)
      .request(bytes('small'))
      .catch(() => {});
    await until(() => calls.length === 1, 'the call arrives');
    expect(calls[0]!.payload.buffer.byteLength).toBeLessThan(200);
    calls[0]!.respond(bytes('x'));
    await request;
  });

  test('answers of one turn travel in one gRPC message', async () => {
    const { node, calls } = await startHolding();
    const { stream, messages } = rawStream(rawClient(node.address), callPath, clientHello);
    stream.write(encodeCalls(Array.from({ length: 500 }, (_, id) => ({ id, payload: bytes('x') }))));
    await until(() => calls.length === 500, 'the calls arrive');
    for (const call of calls) call.respond(call.payload);
    await until(() => messages.length > 0, 'the answers arrive');
    expect(messages.map((message) => decodeReplies(message).length)).toEqual([500]);
  });

  test('is not read while too many calls are under way', async () => {
    const { node, calls } = await startHolding({ limits: { ...quick, maxClientRequests: 10 } });
    const { stream, messages } = rawStream(rawClient(node.address), callPath, clientHello);
    for (let id = 0; id < 100; id += 1) stream.write(encodeCalls([{ id, payload: bytes('x') }]));
    await until(() => calls.length >= 10, 'some calls arrive');
    for (let i = 0; i < 20; i += 1) await turn();
    expect(calls).toHaveLength(10);
    expect(node.transport.stats()).toMatchObject({ clients: 1, requests: 10 });
    for (let done = 0; done < 100; done += 1) {
      await until(() => calls.length > done, 'the next call arrives');
      calls[done]!.respond(bytes('y'));
    }
    await until(() => messages.flatMap((message) => decodeReplies(message)).length === 100, 'all are answered');
  });

  test('is not read while too many bytes of calls are under way', async () => {
    const { node, calls } = await startHolding({ limits: { ...quick, maxClientRequestBytes: 10_000 } });
    const { stream } = rawStream(rawClient(node.address), callPath, clientHello);
    for (let id = 0; id < 30; id += 1) stream.write(encodeCalls([{ id, payload: new Uint8Array(1000) }]));
    await until(() => calls.length >= 10, 'some calls arrive');
    for (let i = 0; i < 20; i += 1) await turn();
    expect(calls).toHaveLength(10);
    for (let done = 0; done < 30; done += 1) {
      await until(() => calls.length > done, 'the next call arrives');
      calls[done]!.respond(bytes('y'));
    }
  });

  test('of a client that does not read is closed when too many bytes of answers wait, and the others are served', async () => {
    const { node, calls } = await startHolding({ limits: { ...quick, maxClientReplyBytes: 2_000_000 } });
    const { stream, status: ended } = rawStream(rawClient(node.address), callPath, clientHello);
    stream.pause();
    stream.write(encodeCalls(Array.from({ length: 400 }, (_, id) => ({ id, payload: bytes('x') }))));
    await until(() => calls.length === 400, 'the calls arrive');
    let cancelled = 0;
    for (const call of calls) call.oncancel = () => (cancelled += 1);
    let answered = 0;
    for (; cancelled === 0 && answered < 400; answered += 1) {
      calls[answered]!.respond(new Uint8Array(100_000));
      await turn();
    }
    expect(answered).toBeGreaterThan(15);
    expect(answered).toBeLessThan(300);
    expect(cancelled).toBe(400 - answered);
    expect(node.log).toEqual([
      expect.stringMatching(/^warn closed the stream of a client .*does not read its answers: \d+ bytes wait/),
    ]);
    stream.resume();
    expect((await ended).code).toBe(status.UNAVAILABLE);
    const other = openChannel(node.address).request(bytes('x'));
    await until(() => calls.length === 401, 'another call arrives');
    calls[400]!.respond(bytes('y'));
    expect(text(await other)).toBe('y');
  });

  test('refuses an answer that no gRPC message can carry, and goes on', async () => {
    const node = await startNode({
      limits: { ...quick, maxMessageBytes: 100_000 },
      onCall: (call) => call.respond(new Uint8Array(Number(text(call.payload)))),
    });
    const channel = openChannel(node.address);
    await expect(channel.request(bytes('100000'))).rejects.toMatchObject({
      code: 'RAFT_CHANNEL_REFUSED',
      message: expect.stringContaining('the answer of 100000 bytes is too large'),
    });
    expect(await channel.request(bytes('90000'))).toHaveLength(90_000);
  });
});

describe('a channel', () => {
  test('sends the requests of one turn in one gRPC message, those of later turns while it is busy in the next', async () => {
    const { address, streams } = await startRawServer(callPath);
    const channel = openChannel(address);
    const requests = Array.from({ length: 100 }, () => channel.request(bytes('x')));
    await until(() => streams.length === 1, 'it connects');
    const batches: number[] = [];
    streams[0]!.on('data', (message: Uint8Array) => {
      const calls = decodeCalls(message);
      batches.push(calls.length);
      streams[0]!.write(encodeReplies(calls.map(({ id, payload }) => ({ id, payload, error: undefined }))));
    });
    accept(streams[0]!, '1');
    await Promise.all(requests);
    expect(batches).toEqual([100]);
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        for (let i = 0; i < 20; i += 1) await channel.request(bytes('x'));
      }),
    );
    expect(batches.length).toBeLessThan(100);
  });

  test('does not deliver a request before the handshake', async () => {
    const { address, streams } = await startRawServer(callPath);
    const clock = virtualClock();
    const channel = openChannel(address, { clock });
    const request = channel.request(bytes('x'), { timeoutMs: 100 });
    await until(() => streams.length === 1, 'it connects');
    const received: Uint8Array[] = [];
    streams[0]!.on('data', (message: Uint8Array) => void received.push(message));
    clock.advance(100);
    await expect(request).rejects.toMatchObject({ code: 'RAFT_TIMEOUT', delivered: 'no' });
    const aborted = new AbortController();
    const other = channel.request(bytes('y'), { signal: aborted.signal });
    aborted.abort();
    await expect(other).rejects.toMatchObject({ code: 'RAFT_ABORTED', delivered: 'no' });
    const last = channel.request(bytes('z'), { timeoutMs: 10_000 });
    accept(streams[0]!, '1');
    await until(() => received.length === 1, 'what is left arrives');
    expect(decodeCalls(received[0]!).map((call) => text(call.payload))).toEqual(['z']);
    streams[0]!.write(encodeReplies([{ id: 3, payload: bytes('Z'), error: undefined }]));
    expect(text(await last)).toBe('Z');
  });

  test('refuses requests while too many bytes wait to be sent, or too many wait for an answer', async () => {
    const { address, streams } = await startRawServer(callPath);
    const channel = openChannel(address, { limits: { ...quick, maxQueuedBytes: 10_000 }, maxRequests: 12 });
    const ends = Array.from({ length: 9 }, () => channel.request(new Uint8Array(1000)).catch(() => {}));
    await expect(channel.request(new Uint8Array(2000))).rejects.toMatchObject({
      code: 'RAFT_CHANNEL_BUSY',
      delivered: 'no',
    });
    for (let i = 0; i < 3; i += 1) ends.push(channel.request(new Uint8Array(1)).catch(() => {}));
    await expect(channel.request(new Uint8Array(1))).rejects.toMatchObject({
      code: 'RAFT_CHANNEL_BUSY',
      delivered: 'no',
    });
    await until(() => streams.length === 1, 'it connects');
    channel.close();
    await Promise.all(ends);
  });

  test('has room again when requests end that were not sent yet', async () => {
    const { address, streams } = await startRawServer(callPath);
    const channel = openChannel(address, { limits: { ...quick, maxQueuedBytes: 10_000 } });
    const end = channel.request(new Uint8Array(9000), { timeoutMs: 30 });
    await expect(channel.request(new Uint8Array(9000))).rejects.toMatchObject({ code: 'RAFT_CHANNEL_BUSY' });
    await expect(end).rejects.toMatchObject({ code: 'RAFT_TIMEOUT', delivered: 'no' });
    const next = channel.request(new Uint8Array(9000)).catch((error: { code: string }) => error.code);
    await until(() => streams.length === 1, 'it connects');
    channel.close();
    expect(await next).toBe('RAFT_CHANNEL_LOST');
  });

  test('keeps what it holds back within its limit while the server does not read', async () => {
    const { address, streams } = await startRawServer(callPath);
    const channel = openChannel(address, { limits: { ...quick, maxQueuedBytes: 4_000_000 } });
    let busy = 0;
    const ends: Promise<unknown>[] = [];
    const count = (error: { code?: string }): void => void (error.code === 'RAFT_CHANNEL_BUSY' ? (busy += 1) : 0);
    const request = (): void =>
      void ends.push(channel.request(new Uint8Array(100_000), { timeoutMs: 60_000 }).catch(count));
    request();
    await until(() => streams.length === 1, 'it connects');
    accept(streams[0]!, '1');
    await until(() => {
      request();
      return busy > 0;
    }, 'requests are refused');
    expect(ends.length).toBeGreaterThan(35);
    expect(ends.length).toBeLessThan(60);
    channel.close();
    await Promise.all(ends);
  });

  test('refuses a request that no gRPC message can carry', async () => {
    const node = await startNode({ onCall: (call) => call.respond(call.payload) });
    const channel = openChannel(node.address, { limits: { ...quick, maxMessageBytes: 1000 } });
    const request = channel.request(new Uint8Array(1000));
    await expect(request).rejects.toMatchObject({ code: 'RAFT_CHANNEL_REFUSED', delivered: 'no' });
    expect(await channel.request(new Uint8Array(900))).toHaveLength(900);
  });

  test('is lost when the server answers nonsense', async () => {
    const { address, streams } = await startRawServer(callPath);
    const channel = openChannel(address);
    const request = channel.request(bytes('x'));
    await until(() => streams.length === 1, 'it connects');
    accept(streams[0]!, '1');
    streams[0]!.once('data', () => streams[0]!.write(Buffer.from('0affffff', 'hex')));
    await expect(request).rejects.toMatchObject({ code: 'RAFT_CHANNEL_LOST', delivered: 'maybe' });
  });

  test('rejects at once while it pauses after a failed attempt, and connects after the pause', async () => {
    const { node } = await startHolding({ onCall: (call) => call.respond(call.payload) });
    await node.transport.close();
    const channel = openChannel(node.address, { limits: { minBackoffMs: 300, maxBackoffMs: 300 }, random: () => 1 });
    const connect = channel.request(bytes('x'));
    await expect(connect).rejects.toMatchObject({
      code: 'RAFT_CHANNEL_LOST',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    const from = performance.now();
    await startNode({ listen: node.address, onCall: (call) => call.respond(call.payload) });
    await expect(channel.request(bytes('x'))).rejects.toMatchObject({
      delivered: 'no',
      message: expect.stringContaining('trying again soon'),
    });
    let answer: Uint8Array | undefined;
    await until(() => {
      void channel.request(bytes('x')).then(
        (value) => (answer = value),
        () => {},
      );
      return answer !== undefined;
    }, 'it connects');
    expect(performance.now() - from).toBeGreaterThan(200);
  });

  test('gives answers that do not hold the memory of the batch that they came in', async () => {
    const node = await startNode({ onCall: (call) => call.respond(call.payload) });
    const channel = openChannel(node.address);
    const [small, large] = await Promise.all([
      channel.request(new Uint8Array(10)),
      channel.request(new Uint8Array(500_000)),
    ]);
    expect(small.buffer.byteLength).toBe(10);
    expect(large.length).toBe(500_000);
  });

  test('ends many timeouts with one timer, each at its time', async () => {
    const { node, calls } = await startHolding();
    const clock = virtualClock();
    const channel = openChannel(node.address, { clock });
    const timeouts = [80, 20, 140, 50, 110];
    const waited: number[] = [];
    for (const timeoutMs of timeouts) {
      channel
        .request(bytes('x'), { timeoutMs })
        .catch(({ code }) => code === 'RAFT_TIMEOUT' && waited.push(clock.now()));
    }
    await until(() => calls.length === timeouts.length, 'they arrive');
    while (clock.now() < 150) {
      clock.advance(1);
      await turn();
    }
    expect(waited).toEqual([20, 50, 80, 110, 140]);
  });
});
