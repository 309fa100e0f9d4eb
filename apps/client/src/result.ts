import { exitCodes } from './exit-codes.js';
import type { CommonOptions } from './options.js';

/** What goes to stdout, and the exit code. */
export interface Result {
  readonly output: string | Uint8Array;
  readonly exitCode: number;
}

export function result(
  { output }: CommonOptions,
  text: string | Uint8Array,
  json: unknown,
  exitCode: number = exitCodes.done,
): Result {
  return { output: output === 'json' ? `${JSON.stringify(json)}\n` : text, exitCode };
}
