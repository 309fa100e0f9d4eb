import assert from 'node:assert/strict';
import { ChannelError } from '@raft/core';
import type { Call, Channel, ChannelErrorCode } from '@raft/core';
import { observed, pattern, turn } from './world.js';
import type { Stage, TransportCase } from './world.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** The error that a request ended with. */
async function failure(request: Promise<Uint8Array>): Promise<ChannelError> {
  const error = await request.then(
    (answer) => assert.fail(`answered ${answer.length} bytes`),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof ChannelError, `a ChannelError, not ${String(error)}`);
  return error;
}

function expectFailure(
  request: Promise<Uint8Array>,
  code: ChannelErrorCode,
  delivered?: 'no' | 'maybe',
): Promise<void> {
  const checked = failure(request).then((error) => {
    assert.equal(error.code, code, error.message);
    if (delivered !== undefined) assert.equal(error.delivered, delivered, error.message);
  });
  return observed(checked);
}

/** A node that keeps the calls it gets, and a channel to it. */
async function heldCalls(stage: Stage): Promise<{ calls: Call[]; channel: Channel; stop: () => Promise<void> }> {
  const calls: Call[] = [];
  const node = await stage.start({ nodeId: '1', onCall: (call) => void calls.push(call) });
  return { calls, channel: stage.connector().connect(node.address), stop: () => node.transport.close() };
}

async function echo(stage: Stage): Promise<Channel> {
  const node = await stage.start({ nodeId: '1', onCall: (call) => call.respond(call.payload) });
  return stage.connector().connect(node.address);
}

export const callCases: readonly TransportCase[] = [
  {
    name: 'a request is answered',
    async run(stage) {
      const channel = await echo(stage);
      assert.equal(text(await channel.request(bytes('hello'))), 'hello');
      assert.equal(channel.closed, false);
    },
  },
  {
    name: 'empty and large payloads pass',
    async run(stage) {
      const channel = await echo(stage);
      for (const size of [0, 1, 65_536, 1_100_000]) {
        const answer = await channel.request(pattern(size, size));
        assert.ok(Buffer.from(pattern(size, size)).equals(answer), `${size} bytes`);
      }
    },
  },
  {
    name: 'many requests at once each get their own answer, in any order',
    async run(stage) {
      const { calls, channel } = await heldCalls(stage);
      const requests = Array.from({ length: 300 }, (_, i) => channel.request(bytes(`n${i}`)));
      await stage.until(() => calls.length === 300, 'all requests arrive');
      for (const call of calls.toReversed()) call.respond(bytes(`re ${text(call.payload)}`));
      const answers = await Promise.all(requests);
      for (const [i, answer] of answers.entries()) assert.equal(text(answer), `re n${i}`);
    },
  },
  {
    name: 'requests of one channel arrive in order',
    async run(stage) {
      const { calls, channel } = await heldCalls(stage);
      const requests = Array.from({ length: 100 }, (_, i) => channel.request(bytes(String(i))));
      await stage.until(() => calls.length === 100, 'all requests arrive');
      assert.deepEqual(
        calls.map((call) => Number(text(call.payload))),
        Array.from({ length: 100 }, (_, i) => i),
      );
      for (const call of calls) call.respond(call.payload);
      await Promise.all(requests);
    },
  },
  {
    name: 'a call that the handler fails is refused with its message',
    async run(stage) {
      const { calls, channel } = await heldCalls(stage);
      const request = channel.request(bytes('x'));
      await stage.until(() => calls.length === 1, 'the request arrives');
      calls[0]?.fail('no such method');
      const error = await failure(request);
      assert.equal(error.code, 'RAFT_CHANNEL_REFUSED');
      assert.match(error.message, /no such method/);
    },
  },
  {
    name: 'only the first end of a call counts',
    async run(stage) {
      const { calls, channel } = await heldCalls(stage);
      const requests = [channel.request(bytes('a')), channel.request(bytes('b'))];
      await stage.until(() => calls.length === 2, 'the requests arrive');
      calls[0]?.respond(bytes('first'));
      calls[0]?.respond(bytes('second'));
      calls[0]?.fail('third');
      calls[1]?.respond(bytes('other'));
      assert.deepEqual((await Promise.all(requests)).map(text), ['first', 'other']);
    },
  },
  {
    name: 'a node that serves no clients refuses them',
    async run(stage) {
      const node = await stage.start({ nodeId: '1' });
      const channel = stage.connector().connect(node.address);
      await expectFailure(channel.request(bytes('x')), 'RAFT_CHANNEL_REFUSED');
    },
  },
  {
    name: 'a request without an answer ends with RAFT_TIMEOUT, and the call is cancelled once',
    async run(stage) {
      const { calls, channel } = await heldCalls(stage);
      let cancelled = 0;
      // The first connection of a process may take longer than the deadline below.
      const first = channel.request(bytes('first'), { timeoutMs: 10_000 });
      await stage.until(() => calls.length === 1, 'the first request arrives');
      calls.pop()?.respond(bytes('first'));
      await first;
      const slow = channel.request(bytes('slow'), { timeoutMs: 200.4 });
      const quick = channel.request(bytes('quick'), { timeoutMs: 10_000 });
      await stage.until(() => calls.length === 2, 'the requests arrive');
      for (const call of calls) call.oncancel = () => (cancelled += 1);
      await expectFailure(slow, 'RAFT_TIMEOUT', 'maybe');
      assert.doesNotMatch((await failure(slow)).message, /\d\.\d+ ms/, 'whole milliseconds are for people');
      await stage.until(() => cancelled === 1, 'the call is cancelled');
      calls[0]?.respond(bytes('too late'));
      calls[1]?.respond(bytes('in time'));
      assert.equal(text(await quick), 'in time');
      assert.equal(cancelled, 1);
    },
  },
  {
    name: 'an aborted request ends with RAFT_ABORTED, and the call is cancelled',
    async run(stage) {
      const { calls, channel } = await heldCalls(stage);
      let cancelled = 0;
      const abort = new AbortController();
      const request = channel.request(bytes('x'), { signal: abort.signal });
      await stage.until(() => calls.length === 1, 'the request arrives');
      calls[0]!.oncancel = () => (cancelled += 1);
      abort.abort();
      await expectFailure(request, 'RAFT_ABORTED', 'maybe');
      await stage.until(() => cancelled === 1, 'the call is cancelled');
      await expectFailure(channel.request(bytes('y'), { signal: abort.signal }), 'RAFT_ABORTED', 'no');
      assert.equal(calls.length, 1);
    },
  },
  {
    name: 'nobody at the address: RAFT_CHANNEL_LOST, certainly not delivered',
    async run(stage) {
      const channel = stage.connector().connect(await stage.unusedAddress());
      await expectFailure(channel.request(bytes('x')), 'RAFT_CHANNEL_LOST', 'no');
    },
  },
  {
    name: 'a node that closes ends the requests under way with RAFT_CHANNEL_LOST, perhaps delivered',
    async run(stage) {
      const { calls, channel, stop } = await heldCalls(stage);
      let cancelled = 0;
      const requests = [channel.request(bytes('a')), channel.request(bytes('b'))];
      const ends = requests.map((request) => expectFailure(request, 'RAFT_CHANNEL_LOST', 'maybe'));
      await stage.until(() => calls.length === 2, 'the requests arrive');
      for (const call of calls) call.oncancel = () => (cancelled += 1);
      await stop();
      await Promise.all(ends);
      assert.equal(cancelled, 2);
      for (const call of calls) call.respond(bytes('too late'));
    },
  },
  {
    name: 'a channel that is closed rejects what is under way and what comes later',
    async run(stage) {
      const { calls, channel } = await heldCalls(stage);
      let cancelled = 0;
      const request = expectFailure(channel.request(bytes('x')), 'RAFT_CHANNEL_LOST', 'maybe');
      await stage.until(() => calls.length === 1, 'the request arrives');
      calls[0]!.oncancel = () => (cancelled += 1);
      channel.close();
      channel.close();
      assert.equal(channel.closed, true);
      await request;
      await expectFailure(channel.request(bytes('y')), 'RAFT_CHANNEL_LOST', 'no');
      await stage.until(() => cancelled === 1, 'the call is cancelled');
    },
  },
  {
    name: 'a channel finds a node that comes later, and one that was restarted',
    async run(stage) {
      const address = await stage.unusedAddress();
      const channel = stage.connector().connect(address);
      await expectFailure(channel.request(bytes('x')), 'RAFT_CHANNEL_LOST', 'no');
      for (let restart = 0; restart < 2; restart += 1) {
        const node = await stage.start({ nodeId: '1', address, onCall: (call) => call.respond(call.payload) });
        let answer: string | undefined;
        for (let attempt = 0; attempt < 500 && answer === undefined; attempt += 1) {
          answer = await channel.request(bytes('x'), { timeoutMs: 1000 }).then(text, () => undefined);
          if (answer === undefined) await turn();
        }
        assert.equal(answer, 'x');
        await node.transport.close();
      }
      channel.close();
    },
  },
  {
    name: 'one channel that waits does not hold up another',
    async run(stage) {
      const node = await stage.start({
        nodeId: '1',
        onCall: (call) => {
          if (text(call.payload) !== 'held') call.respond(call.payload);
        },
      });
      const [one, two] = [stage.connector().connect(node.address), stage.connector().connect(node.address)];
      const held = expectFailure(one.request(bytes('held')), 'RAFT_CHANNEL_LOST');
      for (let i = 0; i < 20; i += 1) assert.equal(text(await two.request(bytes('x'))), 'x');
      one.close();
      await held;
    },
  },
];
