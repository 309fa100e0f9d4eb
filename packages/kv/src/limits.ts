import { InvalidArgumentError } from '@raft/core';

/** What a key and a value may measure. Refused before anything enters the log. */
export interface KvLimits {
  /** Bytes of a key; the least is 1. Default 4 KiB. */
  readonly maxKeyBytes: number;
  /** Bytes of a value; the least is 0. Default 1 MiB. */
  readonly maxValueBytes: number;
}

export const defaultLimits: KvLimits = { maxKeyBytes: 4096, maxValueBytes: 1024 * 1024 };

/** Limits that are left out are the defaults. */
export type KvLimitOptions = { readonly [Name in keyof KvLimits]?: KvLimits[Name] | undefined };

/** Throws {@link InvalidArgumentError} unless the limits are positive integers. */
export function resolveLimits(options: KvLimitOptions): KvLimits {
  const limits = {
    maxKeyBytes: options.maxKeyBytes ?? defaultLimits.maxKeyBytes,
    maxValueBytes: options.maxValueBytes ?? defaultLimits.maxValueBytes,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InvalidArgumentError(`${name} is ${value}: give a number of bytes from 1`);
    }
  }
  return limits;
}

/** Throws {@link InvalidArgumentError}. */
export function checkKeyBytes(bytes: number, limits: KvLimits): void {
  if (bytes === 0) throw new InvalidArgumentError('the key is empty: give at least one byte');
  if (bytes > limits.maxKeyBytes) {
    throw new InvalidArgumentError(`the key has ${bytes} bytes: at most ${limits.maxKeyBytes} are allowed`);
  }
}

/** Throws {@link InvalidArgumentError}. */
export function checkValueBytes(bytes: number, limits: KvLimits): void {
  if (bytes > limits.maxValueBytes) {
    throw new InvalidArgumentError(`the value has ${bytes} bytes: at most ${limits.maxValueBytes} are allowed`);
  }
}

/** Throws {@link InvalidArgumentError}, naming the option. */
export function checkTimeout(timeoutMs: number, name = 'timeoutMs'): void {
  if (timeoutMs > 0 && timeoutMs < 0x8000_0000) return;
  throw new InvalidArgumentError(`${name} is ${timeoutMs}: give milliseconds from 1 to 2147483647`);
}
