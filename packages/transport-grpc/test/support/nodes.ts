import { systemClock } from '@raft/core';
import type { Clock, LogLevel, Message } from '@raft/core';
import { onTestFinished } from 'vitest';
import { grpcConnector, grpcTransport } from '../../src/index.js';
import type { GrpcConnectorOptions, GrpcTransport, GrpcTransportOptions } from '../../src/index.js';

/** Small pauses, so that tests of failures are quick. */
export const quick = { minBackoffMs: 5, maxBackoffMs: 20, handshakeTimeoutMs: 1000 };

export interface Node {
  readonly transport: GrpcTransport;
  readonly address: string;
  /** Lines that were logged, as `level message`. */
  readonly log: string[];
  /** What group `g` received. */
  readonly received: Message[];
}

/** A started node `1` of cluster `c`, unless told otherwise; closed when the test ends. */
export async function startNode(options: Partial<GrpcTransportOptions> = {}): Promise<Node> {
  const log: string[] = [];
  const received: Message[] = [];
  const logger = (level: LogLevel, message: string): void => void log.push(`${level} ${message}`);
  const transport = grpcTransport({
    nodeId: '1',
    clusterId: 'c',
    listen: '127.0.0.1:0',
    logger,
    limits: quick,
    ...options,
  });
  transport.attach('g', { receive: (messages) => void received.push(...messages) });
  onTestFinished(() => transport.close());
  await transport.start();
  return { transport, address: transport.address, log, received };
}

/** A channel that is closed when the test ends. */
export function openChannel(
  address: string,
  options: GrpcConnectorOptions = {},
): ReturnType<ReturnType<typeof grpcConnector>['connect']> {
  const channel = grpcConnector({ limits: quick, ...options }).connect(address);
  onTestFinished(() => channel.close());
  return channel;
}

export function numbered(from: string, to: string, term: number): Message {
  return { type: 'requestVoteResponse', from, to, term, preVote: false, granted: true, storeId: '' };
}

export function withData(from: string, to: string, index: number, bytes: number): Message {
  const data = new Uint8Array(bytes).fill(index & 0xff);
  const entries = [{ index, term: 1, type: 1 as const, data }];
  return {
    type: 'appendEntries',
    from,
    to,
    term: 1,
    prevLogIndex: index - 1,
    prevLogTerm: 1,
    leaderCommit: 0,
    round: 0,
    entries,
    quiesce: false,
  };
}

/** Resolves once `condition` holds; fails with `what` after `withinMs`. */
export async function until(condition: () => boolean, what: string, withinMs = 20_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await turn();
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}

/** A clock that runs `factor` times as fast as the real one. */
export function fastClock(factor: number): Clock {
  const real = systemClock();
  return { ...real, now: () => real.now() * factor, setTimer: (at, task) => real.setTimer(at / factor, task) };
}
