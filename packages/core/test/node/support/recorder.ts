import type { Applied, Codec, StateMachine } from '../../../src/index.js';

export const textCodec: Codec<string> = {
  encode: (text) => new TextEncoder().encode(text),
  decode: (bytes) => new TextDecoder().decode(bytes),
};

/** A state machine of texts: it keeps what it applied; a command's result is `text@index`. */
export interface Recorder extends StateMachine<string, string, Ask, readonly string[]> {
  readonly applied: Applied<string>[];
  /** How many commands each call of `apply` brought. */
  readonly batches: number[];
}

/** A query: what the machine does before it answers with all texts. */
export type Ask = 'all' | 'later' | 'never' | 'throw';

/** `before` is called with each batch; what it throws or rejects with, `apply` does. */
export function recorder(before?: (entries: readonly Applied<string>[]) => void | Promise<void>): Recorder {
  const applied: Applied<string>[] = [];
  const batches: number[] = [];
  const texts = (): string[] => applied.map((entry) => entry.command);

  function record(entries: readonly Applied<string>[]): string[] {
    applied.push(...entries);
    batches.push(entries.length);
    return entries.map(({ command, index }) => `${command}@${index}`);
  }

  return {
    applied,
    batches,
    codec: textCodec,
    resultCodec: textCodec,
    apply(entries) {
      const wait = before?.(entries);
      return wait === undefined ? record(entries) : wait.then(() => record(entries));
    },
    query(ask) {
      if (ask === 'throw') throw new Error('no such query');
      if (ask === 'never') return new Promise(() => {});
      return ask === 'later' ? Promise.resolve().then(texts) : texts();
    },
    /** One entry a chunk, of what was applied when the first chunk was asked for. */
    async *snapshot() {
      for (const entry of applied.slice()) yield new TextEncoder().encode(`${JSON.stringify(entry)}\n`);
    },
    async restore(chunks) {
      let text = '';
      for await (const chunk of chunks) text += new TextDecoder().decode(chunk);
      const lines = text.split('\n').filter((line) => line !== '');
      applied.splice(0, applied.length, ...lines.map((line) => JSON.parse(line) as Applied<string>));
    },
  };
}
