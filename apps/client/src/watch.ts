import type { KvChange, KvClient } from '@raft/kv';
import type { Encoding } from './bytes.js';
import { exitCodes } from './exit-codes.js';
import type { CommonOptions } from './options.js';
import { itemLine, jsonOf, shown } from './print.js';
import type { Request } from './request.js';
import type { Result } from './result.js';

export interface WatchSurroundings {
  /** Whoever waits for the changes waits for each of them. */
  stdout(output: string): void;
  /** Ends the watch, which is then done. */
  interrupted?(): AbortSignal;
}

/** A line for each change, until so many have come or it is ended from outside. */
export async function watch(
  { select, from, limit }: Extract<Request, { command: 'watch' }>,
  client: Pick<KvClient, 'watch'>,
  options: CommonOptions,
  around: WatchSurroundings,
): Promise<Result> {
  const signal = around.interrupted?.();
  const watching = client.watch(select, {
    from,
    signal,
    ...(options.isTimeoutGiven ? { timeoutMs: options.timeoutMs } : {}),
  });
  let count = 0;
  try {
    for await (const change of watching) {
      around.stdout(
        `${options.output === 'json' ? changeJson(change, options.encoding) : changeLine(change, options.encoding)}\n`,
      );
      if (++count === limit) break;
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
  return { output: '', exitCode: exitCodes.done };
}

function changeLine(change: KvChange, encoding: Encoding): string {
  const what = change.type === 'put' ? itemLine(change, encoding) : shown(change.key, encoding);
  return `${change.revision}\t${change.type}\t${what}`;
}

function changeJson(change: KvChange, encoding: Encoding): string {
  const { type, revision, key } = change;
  return JSON.stringify({
    type,
    revision,
    ...jsonOf(type === 'put' ? { key, value: change.value } : { key }, encoding),
  });
}
