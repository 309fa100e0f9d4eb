import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NodeStatus } from '@raft/core';
import { parseAddress } from './addresses.js';
import { UsageError } from './usage-error.js';

export interface HttpServer {
  /** `host:port`, with the port that was really taken. */
  readonly address: string;
  close(): Promise<void>;
}

export interface HttpOptions {
  /** `host:port`; port 0 takes any that is free. */
  readonly address: string;
  readonly version: string;
  status(): NodeStatus;
}

/** What `/status` says. */
export interface StatusReport {
  readonly id: string;
  readonly clusterId: string;
  readonly storeId: string;
  readonly role: NodeStatus['role'];
  readonly term: number;
  /** Null while no leader is known. */
  readonly leaderId: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly snapshotIndex: number;
  readonly membership: NodeStatus['membership'];
  readonly peers: readonly Pick<NodeStatus['peers'][number], 'id' | 'matchIndex' | 'nextIndex' | 'state'>[];
  readonly diskFull: boolean;
  readonly healthy: boolean;
  readonly removed: boolean;
  readonly version: string;
}

/** Serves GET /status, /healthz and /readyz. Throws {@link UsageError} when the address cannot be had. */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { host, port } = parseAddress(options.address, '--http', true);
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 });
  server.maxConnections = 128;
  server.on('request', (request, response) => answer(request, response, options));
  await listen(server, host, port, options.address);
  const bound = (server.address() as AddressInfo).port;
  return {
    address: `${options.address.slice(0, options.address.lastIndexOf(':'))}:${bound}`,
    close: async () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, host: string, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const what =
        error.code === 'EADDRINUSE' ? 'is in use: choose another port' : `cannot be listened on: ${error.message}`;
      reject(new UsageError(`--http ${address} ${what}`));
    });
    server.listen(port, host, () => {
      // From here on an error is one connection's, such as too many open files: that connection is lost, and no more.
      server.removeAllListeners('error').on('error', () => {});
      resolve();
    });
  });
}

function answer(request: IncomingMessage, response: ServerResponse, { status, version }: HttpOptions): void {
  const path = (request.url ?? '').replace(/\?.*$/s, '');
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, { error: 'use GET' });
  const now = status();
  if (path === '/status') return send(response, 200, describe(now, version));
  if (path === '/healthz') return now.state === 'running' ? send(response, 200, { ok: true }) : notYet(response, now);
  if (path !== '/readyz') return send(response, 404, { error: 'there are /status, /healthz and /readyz' });
  const ready = now.state === 'running' && now.leaderId !== undefined;
  return ready ? send(response, 200, { ok: true }) : notYet(response, now);
}

function notYet(response: ServerResponse, status: NodeStatus): void {
  send(response, 503, { ok: false, reason: status.state === 'running' ? 'no leader is known' : 'the node is stopped' });
}

function send(response: ServerResponse, code: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(code, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

export function describe(status: NodeStatus, version: string): StatusReport {
  const { id, clusterId, storeId, role, term, leaderId, membership } = status;
  const { commitIndex, appliedIndex, firstIndex, lastIndex, snapshotIndex, diskFull, healthy, removed } = status;
  return {
    ...{ id, clusterId, storeId, role, term, leaderId: leaderId ?? null },
    ...{ commitIndex, appliedIndex, firstIndex, lastIndex, snapshotIndex },
    membership,
    peers: status.peers.map(({ id, matchIndex, nextIndex, state }) => ({ id, matchIndex, nextIndex, state })),
    ...{ diskFull, healthy, removed, version },
  };
}
