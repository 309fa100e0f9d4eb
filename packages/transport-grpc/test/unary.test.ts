import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import {
  InvalidArgumentError,
  NodeStoppedError,
  NotLeaderError,
  OverloadedError,
  ProposalDroppedError,
  TimeoutError,
  UnknownOutcomeError,
} from '@raft/core';
import { describe, expect, test } from 'vitest';
import type { UnaryMethod } from '../src/index.js';
import { withinTimers } from '../../../tests/support/timers.js';
import { quick, startNode, until } from './support/nodes.js';
import { rawClient, rawUnary } from './support/raw.js';

async function serve(method: UnaryMethod): ReturnType<typeof startNode> {
  return startNode({
    services: [{ name: 'test.v1.Test', methods: { Run: method, Other: async () => Uint8Array.of(9) } }],
  });
}

const run = '/test.v1.Test/Run';

async function failure(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => expect.unreachable('it succeeded'),
    (error: unknown) => error as ServiceError,
  );
}

describe('a unary method', () => {
  test('is given the request and gives the answer, empty ones too', async () => {
    const node = await serve(async (payload) => payload);
    const client = rawClient(node.address);
    for (const bytes of [0, 1, 1_000_000])
      expect(await rawUnary(client, run, new Uint8Array(bytes))).toHaveLength(bytes);
    expect(await rawUnary(client, '/test.v1.Test/Other', Uint8Array.of(1))).toEqual(Buffer.of(9));
    expect((await failure(rawUnary(client, '/test.v1.Test/Missing', Uint8Array.of(1)))).code).toBe(
      status.UNIMPLEMENTED,
    );
  });

  const stopped = new NodeStoppedError('the node is stopped', { maybeDone: true });
  test.each([
    [new InvalidArgumentError('key is empty'), status.INVALID_ARGUMENT],
    [new OverloadedError('busy'), status.RESOURCE_EXHAUSTED],
    [new ProposalDroppedError(7), status.ABORTED],
    [new UnknownOutcomeError('the leader changed'), status.UNKNOWN],
    [new TimeoutError('too slow'), status.DEADLINE_EXCEEDED],
    [new NodeStoppedError('the node is stopped'), status.UNAVAILABLE],
    [stopped, status.UNKNOWN],
  ])('that rejects with %s ends with a status that keeps the code', async (error, code) => {
    const node = await serve(() => Promise.reject(error));
    const ended = await failure(rawUnary(rawClient(node.address), run, Uint8Array.of(1)));
    expect(ended).toMatchObject({ code, details: error.message });
    expect(ended.metadata.get('raft-code')).toEqual([error.code]);
    const maybeDone = error === stopped || error instanceof UnknownOutcomeError;
    expect(ended.metadata.get('raft-maybe-done')).toEqual(maybeDone ? ['true'] : []);
  });

  test('of a node that does not lead tells who does', async () => {
    const node = await serve(() => Promise.reject(new NotLeaderError('nödé', '[::1]:7')));
    const ended = await failure(rawUnary(rawClient(node.address), run, Uint8Array.of(1)));
    expect(ended).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: 'node nödé at [::1]:7 leads: send it there',
    });
    expect(ended.metadata.get('raft-leader-id')).toEqual(['n%C3%B6d%C3%A9']);
    expect(ended.metadata.get('raft-leader-address')).toEqual(['[::1]:7']);
  });

  test('that throws something else ends with INTERNAL, whatever the message', async () => {
    const node = await serve(() => Promise.reject(new TypeError(`half of a pair: \ud800 ${'x'.repeat(100_000)}`)));
    const ended = await failure(rawUnary(rawClient(node.address), run, Uint8Array.of(1)));
    expect(ended.code).toBe(status.INTERNAL);
    expect(ended.details).toMatch(/^half of a pair: \ufffd x+$/);
  });

  test('learns that the deadline has passed, or that the client went away', async () => {
    const signals: AbortSignal[] = [];
    const node = await serve((_, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    const client = rawClient(node.address);
    // Connected first, so that the call arrives well before its deadline.
    await rawUnary(client, '/test.v1.Test/Other', Uint8Array.of(1));
    const late = await failure(rawUnary(client, run, Uint8Array.of(1), Date.now() + 500));
    expect(late.code).toBe(status.DEADLINE_EXCEEDED);
    await until(() => signals[0]?.aborted === true, 'the signal fires');
    const gone = failure(rawUnary(client, run, Uint8Array.of(1)));
    await until(() => signals.length === 2, 'the call arrives');
    expect(node.transport.stats().requests).toBe(1);
    client.close();
    client.getChannel().close();
    await node.transport.close();
    expect(signals[1]?.aborted).toBe(true);
    expect((await gone).code).toBe(status.UNAVAILABLE);
  });

  test('does not see its signal fire after it has answered', async () => {
    const signals: AbortSignal[] = [];
    const node = await serve(async (payload, signal) => {
      signals.push(signal);
      return payload;
    });
    await rawUnary(rawClient(node.address), run, Uint8Array.of(1));
    await node.transport.close();
    expect(signals[0]?.aborted).toBe(false);
  });

  test('that is under way when the transport closes ends with UNAVAILABLE, at once', async () => {
    let started = false;
    const node = await serve(() => {
      started = true;
      return new Promise(() => {});
    });
    const call = failure(rawUnary(rawClient(node.address), run, Uint8Array.of(1)));
    await until(() => started, 'the call arrives');
    await withinTimers(1000, () => node.transport.close());
    const error = await call;
    expect(error).toMatchObject({ code: status.UNAVAILABLE, details: 'node 1 is stopping' });
    // What it asked for may be in the log by then.
    expect(error.metadata.get('raft-maybe-done')).toEqual(['true']);
  });

  test('refuses a request beyond the limit', async () => {
    const limits = { ...quick, maxMessageBytes: 1000 };
    const node = await startNode({
      limits,
      services: [{ name: 'test.v1.Test', methods: { Run: async (payload) => payload } }],
    });
    const ended = await failure(rawUnary(rawClient(node.address), run, new Uint8Array(1001)));
    expect(ended.code).toBe(status.RESOURCE_EXHAUSTED);
  });
});
