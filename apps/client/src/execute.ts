import type { KvClient, KvItem } from '@raft/kv';
import { exitCodes, NotDoneError } from './exit-codes.js';
import { runLoad } from './load.js';
import type { LoadReport } from './load.js';
import type { CommonOptions } from './options.js';
import { itemLine, jsonOf, rawOf, shown } from './print.js';
import type { BenchRequest, Request } from './request.js';
import { statusJson, statusTable } from './status.js';
import type { Answer } from './status.js';
import { readValue } from './value.js';

/** What goes to stdout, and the exit code. */
export interface Result {
  readonly output: string | Uint8Array;
  readonly exitCode: number;
}

export type Client = Pick<KvClient, 'get' | 'set' | 'delete' | 'compareAndSet' | 'list' | 'status'>;

/** Does what was asked for; rejects with what `exitCodeOf` knows. */
export async function execute(request: Request, client: Client, options: CommonOptions): Promise<Result> {
  switch (request.command) {
    case 'get':
      return get(request.key, client, options);
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
    case 'status':
      return status(client, options);
    case 'bench':
      return bench(request, client, options);
  }
}

function result(
  { output }: CommonOptions,
  text: string | Uint8Array,
  json: unknown,
  exitCode: number = exitCodes.done,
): Result {
  return { output: output === 'json' ? `${JSON.stringify(json)}\n` : text, exitCode };
}

async function get(key: Uint8Array, client: Client, options: CommonOptions): Promise<Result> {
  const found = await client.get(key);
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
  { prefix, limit, after }: Extract<Request, { command: 'list' }>,
  client: Client,
  options: CommonOptions,
): Promise<Result> {
  const items: KvItem[] = [];
  // One more than was asked for tells whether there are more.
  for await (const item of client.list(prefix, { limit: limit + 1, after })) items.push(item);
  const more = items.length > limit;
  const page = items.slice(0, limit);
  const text = page.map((item) => `${itemLine(item, options.encoding)}\n`).join('');
  const json = page.map(({ key, value, revision }) => ({ ...jsonOf({ key, value }, options.encoding), revision }));
  return result(options, text, { items: json, more });
}

async function status(client: Client, options: CommonOptions): Promise<Result> {
  const answers = await Promise.all(
    options.addresses.map(async (address): Promise<Answer> => {
      try {
        return { address, status: await client.status(address) };
      } catch (error) {
        return { address, error: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
  const anyone = answers.some((answer) => 'status' in answer);
  return result(options, `${statusTable(answers)}\n`, statusJson(answers), anyone ? exitCodes.done : exitCodes.failed);
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
