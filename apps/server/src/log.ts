import type { Logger } from '@raft/core';
import { pino } from 'pino';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevelName = (typeof logLevels)[number];

/** The part of `process.stderr` that is used here. */
export interface Output {
  write(text: string, done?: () => void): boolean;
  on(event: 'error', listener: () => void): unknown;
  readonly writableLength: number;
}

export interface Log {
  readonly logger: Logger;
  /** Puts a line of plain text after all log lines. */
  line(text: string): void;
  /** Resolves when everything is written, or `timeoutMs` later: nobody may be reading. */
  flush(timeoutMs: number): Promise<void>;
}

/** Bytes that may wait for a reader who is slow. */
const maxWaitingBytes = 256 * 1024;

/**
 * One JSON object a line. A reader who stalls costs lines and no more: those that do not fit in the buffer are dropped, and
 * counted in a line once there is room again. A reader who has gone costs nothing.
 */
export function createLog(level: LogLevelName, output: Output, base: Readonly<Record<string, unknown>>): Log {
  const sink = boundedSink(output);
  const log = pino(
    {
      level,
      base,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: pino.stdSerializers.err },
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  );
  return {
    logger: (at, message, fields) => log[at](fields ?? {}, message),
    line: (text) => sink.write(`${text.replaceAll(/\s*\n\s*/g, ' ')}\n`),
    flush: async (timeoutMs) => sink.flush(timeoutMs),
  };
}

interface Sink {
  write(line: string): void;
  flush(timeoutMs: number): Promise<void>;
}

function boundedSink(output: Output): Sink {
  let gone = false;
  let dropped = 0;
  output.on('error', () => {
    gone = true;
  });
  return {
    write(line) {
      if (gone) return;
      if (output.writableLength > maxWaitingBytes) {
        dropped += 1;
        return;
      }
      if (dropped > 0) {
        output.write(`{"level":"warn","dropped":${dropped},"msg":"log lines were dropped: stderr was not read"}\n`);
        dropped = 0;
      }
      output.write(line);
    },
    flush: async (timeoutMs) =>
      new Promise((resolve) => {
        if (gone) return resolve();
        const timer = setTimeout(resolve, timeoutMs);
        output.write('', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
