import { ChannelError } from '@raft/core';
import type { Address, Call, ChannelErrorCode, RequestOptions } from '@raft/core';
import type { Endpoint, Hub } from './hub.js';

/** One request and its answer. */
export interface Exchange {
  readonly answer: Promise<Uint8Array>;
  /** Ends it from the client's side, and cancels the server's call. */
  giveUp(code: ChannelErrorCode, message: string): void;
}

const defaultTimeoutMs = 5000;

/** Sends a request after this turn. Both ends settle on their own: a server may answer a client that has gone. */
export function exchange(
  hub: Hub,
  client: string,
  address: Address,
  payload: Uint8Array,
  options: RequestOptions,
): Exchange {
  const { clock } = hub;
  const { timeoutMs = defaultTimeoutMs, signal } = options;
  let arrived = false;
  let server: { readonly endpoint: Endpoint; readonly call: Call } | undefined;
  let resolve!: (answer: Uint8Array) => void;
  let reject!: (error: ChannelError) => void;
  let settled = false;
  const answer = new Promise<Uint8Array>((onAnswer, onError) => {
    resolve = onAnswer;
    reject = onError;
  });

  const timer = clock.setTimer(clock.now() + timeoutMs, () =>
    giveUp('RAFT_TIMEOUT', `${address} did not answer within ${Math.round(timeoutMs)} ms`),
  );
  const onAbort = (): void => giveUp('RAFT_ABORTED', 'the request was aborted');

  function settle(): boolean {
    if (settled) return false;
    settled = true;
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
    return true;
  }

  function fail(code: ChannelErrorCode, message: string): void {
    if (settle()) reject(new ChannelError(code, message, arrived ? 'maybe' : 'no'));
  }

  function giveUp(code: ChannelErrorCode, message: string): void {
    fail(code, message);
    clock.defer(cancelCall);
  }

  function cancelCall(): void {
    const cancelled = endCall();
    cancelled?.oncancel?.();
  }

  /** The server's call, if it had not ended before. */
  function endCall(): Call | undefined {
    const ended = server?.call;
    server?.endpoint.release(onLost);
    server = undefined;
    return ended;
  }

  function onLost(): void {
    fail('RAFT_CHANNEL_LOST', `${address} was closed`);
    cancelCall();
  }

  function arrive(): void {
    if (settled) return;
    const endpoint = hub.endpoints.get(address);
    if (endpoint === undefined) return fail('RAFT_CHANNEL_LOST', `nobody listens at ${address}`);
    arrived = true;
    if (!hub.clientConnected(client, endpoint.nodeId)) return;
    /** Only the first end of a call counts; its answer is lost where the way back is cut. */
    const end = (report: () => void): void => {
      if (endCall() === undefined) return;
      clock.defer(() => {
        if (hub.clientConnected(endpoint.nodeId, client)) report();
      });
    };
    const call: Call = {
      payload,
      respond: (bytes) => end(() => settle() && resolve(bytes)),
      fail: (message) => end(() => fail('RAFT_CHANNEL_REFUSED', message)),
      oncancel: undefined,
    };
    server = { endpoint, call };
    endpoint.call(call, onLost);
  }

  if (signal?.aborted === true) onAbort();
  else {
    signal?.addEventListener('abort', onAbort, { once: true });
    clock.defer(arrive);
  }
  return { answer, giveUp };
}
