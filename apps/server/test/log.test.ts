import { describe, expect, it } from 'vitest';
import { createLog } from '../src/log.js';

/** An output whose reader can stall and go. */
function fakeOutput() {
  let onError: () => void = () => {};
  const output = {
    writableLength: 0,
    lines: [] as string[],
    stalled: false,
    on: (_event: 'error', listener: () => void) => {
      onError = listener;
    },
    breakPipe: () => onError(),
    write(text: string, done?: () => void) {
      if (output.stalled) output.writableLength += text.length;
      else {
        if (text !== '') output.lines.push(text);
        done?.();
      }
      return true;
    },
  };
  return output;
}

describe('the log', () => {
  it('writes one JSON object a line, with level, time and fields', () => {
    const output = fakeOutput();
    createLog('info', output, { node: '1' }).logger('warn', 'hear, hear', { port: 7 });
    expect(output.lines).toHaveLength(1);
    expect(JSON.parse(output.lines[0] ?? '')).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      node: '1',
      port: 7,
      msg: 'hear, hear',
    });
  });

  it('leaves out what is below its level', () => {
    const output = fakeOutput();
    const log = createLog('warn', output, {});
    log.logger('info', 'no');
    log.logger('error', 'yes', { error: new Error('cause') });
    expect(output.lines).toHaveLength(1);
    expect(output.lines[0]).toContain('cause');
  });

  it('drops lines when the reader stalls, in bounded memory, and says how many', () => {
    const output = fakeOutput();
    const log = createLog('info', output, {});
    output.stalled = true;
    for (let at = 0; at < 10_000; at++) log.logger('info', 'x'.repeat(1000));
    expect(output.writableLength).toBeLessThan(300 * 1024);
    output.stalled = false;
    output.writableLength = 0;
    log.logger('info', 'again');
    expect(output.lines[0]).toMatch(/"dropped":97\d\d,/);
    expect(output.lines[1]).toContain('again');
  });

  it('writes nothing to a reader who has gone, and does not wait for him', async () => {
    const output = fakeOutput();
    const log = createLog('info', output, {});
    output.breakPipe();
    log.logger('info', 'x');
    log.line('y');
    await log.flush(60_000);
    expect(output.lines).toEqual([]);
  });

  it('gives a stalled reader a limited time at the end', async () => {
    const output = fakeOutput();
    const log = createLog('info', output, {});
    output.stalled = true;
    log.logger('info', 'x');
    await log.flush(5);
  });

  it('puts plain lines on one line', () => {
    const output = fakeOutput();
    createLog('silent', output, {}).line('raft-server: first\n  second');
    expect(output.lines).toEqual(['raft-server: first second\n']);
  });
});
