import type { KvClient, KvItem } from '@raft/kv';
import { members, snapshot, status, transferLeader } from './administer.js';
import type { AdministeredCluster } from './administer.js';
import { exitCodes, NotDoneError } from './exit-codes.js';
import { runLoad } from './load.js';
import type { LoadReport } from './load.js';
import type { CommonOptions } from './options.js';
import { itemLine, jsonOf, rawOf, shown } from './print.js';
import type { BenchRequest, Request } from './request.js';
import { result } from './result.js';
import type { Result } from './result.js';
import { readValue } from './value.js';
import { watch } from './watch.js';
import type { WatchSurroundings } from './watch.js';

export type Client = AdministeredCluster &
  Pick<KvClient, 'get' | 'set' | 'delete' | 'compareAndSet' | 'list' | 'watch'>;

/** Does what was asked for; rejects with what `exitCodeOf` knows. */
export async function execute(
  request: Request,
  client: Client,
  options: CommonOptions,
  around: WatchSurroundings,
): Promise<Result> {
  switch (request.command) {
    case 'get':
      return get(request, client, options);
    case 'set': {
      const { revision } = await client.set(request.key, await readValue(request.value));
      return result(options, 'ok\n', { done: true, revision });
    }
    case 'delete':
      return remove(request.key, client, options);
    case 'cas':
      return compareAndSet(request, client, options);
    case 'list':
      return list(request, client, options);
    case 'watch':
      return watch(request, client, options, around);
    case 'status':
      return status(client, options);
    case 'members':
      return members(request, client, options);
    case 'transfer-leader':
      return transferLeader(request.server, client, options);
    case 'snapshot':
      return snapshot(request.server, client, options);
    case 'bench':
      return bench(request, client, options);
  }
}

async function get(
  { key, level }: Extract<Request, { command: 'get' }>,
  client: Client,
  options: CommonOptions,
): Promise<Result> {
  const found = await client.get(key, { level });
  if (found === undefined) return absent(key, options);
  const { value, revision } = found;
  return result(options, rawOf(value, options.encoding), {
    found: true,
    ...jsonOf({ key, value }, options.encoding),
    revision,
  });
}

async function remove(key: Uint8Array, client: Client, options: CommonOptions): Promise<Result> {
  const { existed, revision } = await client.delete(key);
  return existed ? result(options, 'ok\n', { done: true, revision }) : absent(key, options);
}

/** In JSON that is an answer like any other; as text there is nothing to print, so stderr says why. */
function absent(key: Uint8Array, options: CommonOptions): Result {
  if (options.output === 'text') {
    throw new NotDoneError(`the key ${shown(key, options.encoding)} is not there`, exitCodes.keyNotFound);
  }
  return result(options, '', { found: false, ...jsonOf({ key }, options.encoding) }, exitCodes.keyNotFound);
}

async function compareAndSet(
  { key, expected, value }: Extract<Request, { command: 'cas' }>,
  client: Client,
  options: CommonOptions,
): Promise<Result> {
  const outcome = await client.compareAndSet(key, expected, await readValue(value));
  if (outcome.swapped) return result(options, 'ok\n', { done: true, revision: outcome.revision });
  const { current } = outcome;
  if (options.output === 'text') {
    const now = current ? `${shown(current.value, options.encoding)} (revision ${current.revision})` : 'absent';
    throw new NotDoneError(`not set: the key is ${now}`, exitCodes.failed);
  }
  const item = jsonOf(current ? { key, value: current.value } : { key }, options.encoding);
  return result(options, '', { done: false, ...item, revision: current?.revision ?? null }, exitCodes.failed);
}

async function list(
  { prefix, limit, after, level }: Extract<Request, { command: 'list' }>,
  client: Client,
  options: CommonOptions,
): Promise<Result> {
  const items: KvItem[] = [];
  // One more than was asked for tells whether there are more.
  for await (const item of client.list(prefix, { limit: limit + 1, after, level })) items.push(item);
  const more = items.length > limit;
  const page = items.slice(0, limit);
  const text = page.map((item) => `${itemLine(item, options.encoding)}\n`).join('');
  const json = page.map(({ key, value, revision }) => ({ ...jsonOf({ key, value }, options.encoding), revision }));
  return result(options, text, { items: json, more });
}

async function bench(request: BenchRequest, client: Client, options: CommonOptions): Promise<Result> {
  const report = await runLoad(request, {
    write: async (key, value) => client.set(key, value),
    read: async (key) => client.get(key),
  });
  const nothing = report.writes === 0 && (report.reads?.count ?? 0) === 0;
  return result(options, describeLoad(report), report, nothing ? exitCodes.failed : exitCodes.done);
}

function describeLoad(report: LoadReport): string {
  const { clients, valueSize, seconds, reads } = report;
  const lines = [
    `${clients} clients, values of ${valueSize} bytes, ${seconds} s`,
    `writes  ${report.writesPerSecond}/s  p50 ${report.p50Ms} ms  p99 ${report.p99Ms} ms  p99.9 ${report.p999Ms} ms  max ${report.maxMs} ms`,
    ...(reads ? [`reads   ${reads.perSecond}/s  p50 ${reads.p50Ms} ms  p99 ${reads.p99Ms} ms`] : []),
    `errors  ${report.errors}${report.errors > 0 ? ` ${JSON.stringify(report.errorCodes)}` : ''}`,
  ];
  return `${lines.join('\n')}\n`;
}
