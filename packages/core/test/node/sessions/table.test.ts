import { expect, test } from 'vitest';
import { EntryType } from '../../../src/index.js';
import { MAX_RESULT_BYTES } from '../../../src/node/sessions/results.js';
import { MAX_EVICTED, MAX_UNACKNOWLEDGED } from '../../../src/node/sessions/table.js';
import { bytesOf, Log, replica } from '../support/replica.js';

const texts = (applied: readonly { command: string }[]): string[] => applied.map(({ command }) => command);

test('a session is named by the index of its register entry', () => {
  const { apply } = replica();
  expect(apply(new Log().register().plain('x').register().entries)).toEqual(['1', 'x@2', '3']);
});

test('thesis 6.3: a command that is in the log twice is applied once and gives the first result', () => {
  const { apply, applied } = replica();
  const log = new Log().register().command(1, 1, 'a').command(1, 1, 'a').plain('b').command(1, 1, 'a');
  expect(apply(log.entries)).toEqual(['1', 'a@2', 'a@2', 'b@4', 'a@2']);
  expect(texts(applied)).toEqual(['a', 'b']);
});

test('a repetition in the batch of the first is filtered out, and the batch stays one', () => {
  const { apply, applied } = replica();
  const log = new Log().register().command(1, 1, 'a').plain('b').command(1, 1, 'a').command(1, 2, 'c');
  expect(apply(log.entries, [5])).toEqual(['1', 'a@2', 'b@3', 'a@2', 'c@5']);
  expect(texts(applied)).toEqual(['a', 'b', 'c']);
});

test('sequence numbers are of one session, and may come in any order', () => {
  const { apply } = replica();
  const log = new Log().register().register();
  log.command(1, 2, 'a').command(2, 1, 'b').command(1, 1, 'c').command(2, 1, 'b').command(1, 2, 'a');
  expect(apply(log.entries)).toEqual(['1', '2', 'a@3', 'b@4', 'c@5', 'b@4', 'a@3']);
});

test('a result is kept until it is acknowledged, and then forgotten: a late repetition is refused and not applied', () => {
  const { apply, applied, table } = replica();
  const log = new Log().register().command(1, 1, 'a').command(1, 2, 'b').command(1, 3, 'c', 3).command(1, 2, 'b');
  expect(apply(log.entries)).toEqual(['1', 'a@2', 'b@3', 'c@4', 'RAFT_RESULT_FORGOTTEN']);
  expect([texts(applied), table.results.size]).toEqual([['a', 'b', 'c'], 1]);
});

test('a command from before what is acknowledged is refused, whether it is remembered or never came', () => {
  const { apply, applied } = replica();
  const log = new Log().register();
  for (let sequence = 2; sequence <= 50; sequence++) log.command(1, sequence, `c${sequence}`, sequence);
  log.command(1, 2, 'c2', 50).command(1, 1, 'c1', 50);
  expect(apply(log.entries).slice(-2)).toEqual(['RAFT_RESULT_FORGOTTEN', 'RAFT_RESULT_FORGOTTEN']);
  expect(applied.length).toBe(49);
});

test('keeping a session alive acknowledges too', () => {
  const { apply, table } = replica();
  const log = new Log().register().command(1, 1, 'a').session({ kind: 'keepAlive', id: 1, firstUnacknowledged: 2 });
  expect(apply(log.entries)).toEqual(['1', 'a@2', 'undefined']);
  expect(table.results.size).toBe(0);
});

test('an acknowledgement never goes back, and may leap', () => {
  const { apply, table } = replica();
  const log = new Log().register().command(1, 1, 'a').command(1, 2, 'b', 2).command(1, 3, 'c', 1);
  log.command(1, 1, 'a').command(1, 2 ** 50, 'd', 2 ** 50);
  expect(apply(log.entries).slice(4)).toEqual(['RAFT_RESULT_FORGOTTEN', 'd@6']);
  expect(table.results.size).toBe(1);
});

test('a session that acknowledges nothing is refused after so many commands, whatever their order', () => {
  const { apply, applied } = replica();
  const log = new Log().register();
  for (let sequence = 1; sequence <= MAX_UNACKNOWLEDGED; sequence++) log.command(1, sequence, `c${sequence}`);
  log.command(1, MAX_UNACKNOWLEDGED + 1, 'one too many').command(1, MAX_UNACKNOWLEDGED + 1, 'now', 2);
  expect(apply(log.entries, [log.entries.length]).slice(-2)).toEqual([
    'RAFT_OVERLOADED',
    `now@${MAX_UNACKNOWLEDGED + 3}`,
  ]);
  expect(applied.length).toBe(MAX_UNACKNOWLEDGED + 1);
});

test('a session that is unknown or closed is refused, and nothing is applied', () => {
  const { apply, applied, table } = replica();
  const log = new Log().register().command(1, 1, 'a').session({ kind: 'close', id: 1 });
  log.command(1, 1, 'a').command(7, 1, 'b').session({ kind: 'keepAlive', id: 1, firstUnacknowledged: 0 });
  log.session({ kind: 'close', id: 1 });
  const expired = 'RAFT_SESSION_EXPIRED';
  expect(apply(log.entries)).toEqual(['1', 'a@2', 'undefined', expired, expired, expired, 'undefined']);
  expect([texts(applied), table.size, table.results.size]).toEqual([['a'], 0, 0]);
});

test('a session expires only if it was not used since', () => {
  const { apply } = replica();
  const log = new Log().register().register().register();
  log.command(2, 1, 'a').session({ kind: 'keepAlive', id: 3, firstUnacknowledged: 0 });
  for (const id of [1, 2, 3]) log.session({ kind: 'expire', id, lastUsedIndex: id });
  for (const id of [1, 2, 3]) log.command(id, 1, 'a');
  log.session({ kind: 'expire', id: 2, lastUsedIndex: 10 }).command(2, 1, 'a');
  const outcomes = apply(log.entries);
  expect(outcomes.slice(8, 11)).toEqual(['RAFT_SESSION_EXPIRED', 'a@4', 'a@11']);
  expect(outcomes.at(-1)).toBe('RAFT_SESSION_EXPIRED');
});

test('repeating a command counts as use', () => {
  const { apply } = replica();
  const log = new Log().register().command(1, 1, 'a').command(1, 1, 'a');
  log.session({ kind: 'expire', id: 1, lastUsedIndex: 2 }).command(1, 1, 'a');
  expect(apply(log.entries).at(-1)).toBe('a@2');
});

test('beyond the limit, which travels in the entry, the least recently used are closed', () => {
  const { apply, table } = replica();
  const log = new Log().register(3).register(3).register(3).command(1, 1, 'a').register(3);
  expect(apply(log.entries)).toEqual(['1', '2', '3', 'a@4', '5']);
  expect([...table.sessions()].map(([, { id }]) => id)).toEqual([3, 1, 5]);
  apply(new Log(6).register(1).entries);
  expect([[...table.sessions()].map(([, { id }]) => id), table.results.size]).toEqual([[6], 0]);
});

test('a limit that was lowered is reached by and by: each new session closes a bounded number', () => {
  const { apply, table } = replica();
  const log = new Log();
  for (let id = 1; id <= 200; id++) log.register(200);
  log.register(10).register(10).register(10).register(10);
  const sizes = [200, 201, 202, 203, 204].map((end, place) => {
    apply(log.entries.slice(place === 0 ? 0 : end - 1, end));
    return table.size;
  });
  expect(sizes).toEqual([200, 201 - MAX_EVICTED, 202 - 2 * MAX_EVICTED, 203 - 3 * MAX_EVICTED, 10]);
  expect([...table.sessions()][0]?.[0]).toBe(195);
});

test('results are limited by bytes: the oldest are dropped, whose commands are still not applied again', () => {
  const large = 'x'.repeat(MAX_RESULT_BYTES / 4);
  const { apply, applied, table } = replica({ result: ({ command }) => (command === 'large' ? large : command) });
  const log = new Log().register().register();
  for (let sequence = 1; sequence <= 4; sequence++) log.command(1, sequence, 'large');
  log.command(2, 1, 'small').command(1, 1, 'large').command(2, 1, 'small');
  expect(apply(log.entries, [9]).slice(-2)).toEqual(['RAFT_RESULT_FORGOTTEN', 'small']);
  expect(applied.length).toBe(5);
  expect(table.results.bytes).toBeLessThanOrEqual(MAX_RESULT_BYTES);
  apply(new Log(10).session({ kind: 'close', id: 1 }).session({ kind: 'close', id: 2 }).entries);
  expect([table.results.bytes, table.results.size]).toEqual([0, 0]);
});

test('without a codec, results that are bytes or undefined are kept', () => {
  const results: Record<string, unknown> = { bytes: Uint8Array.of(1, 2), nothing: undefined, other: { a: 1 } };
  const { apply } = replica({ resultCodec: null, result: ({ command }) => results[command] });
  const log = new Log().register();
  for (const [sequence, text] of [...Object.keys(results), ...Object.keys(results)].entries()) {
    log.command(1, 1 + (sequence % 3), text);
  }
  expect(apply(log.entries).slice(4)).toEqual(['bytes 1,2', 'undefined', 'RAFT_RESULT_FORGOTTEN']);
});

test('who gets a result may write to it without changing what is kept', () => {
  const given = Uint8Array.of(1, 2);
  const identity = { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => bytes };
  for (const resultCodec of [null, identity]) {
    given.set([1, 2]);
    const { apply } = replica({ resultCodec: resultCodec as never, result: () => given });
    apply(new Log().register().command(1, 1, 'a').entries);
    given.fill(9);
    expect(apply(new Log(3).command(1, 1, 'a').entries)).toEqual(['bytes 1,2']);
  }
});

test('an entry that this version does not know stops the replica', () => {
  for (const [type, data, why] of [
    [EntryType.session, Uint8Array.of(2, 1, 1), 'version 2 is not known here'],
    [EntryType.session, Uint8Array.of(1, 5, 1), 'kind 5 is not known here'],
    [EntryType.session, Uint8Array.of(1, 3), 'the bytes end within a number'],
    [EntryType.session, Uint8Array.of(1, 3, 1, 1), 'bytes beyond its end'],
    [EntryType.sessionCommand, bytesOf(''), 'the bytes end within a number'],
    [EntryType.sessionCommand, Uint8Array.of(2, 1, 1, 1), 'version 2 is not known here'],
    [EntryType.sessionCommand, Uint8Array.of(1, ...Array<number>(8).fill(255)), 'more than eight bytes'],
    [EntryType.sessionCommand, Uint8Array.of(1, ...Array<number>(7).fill(255), 127), 'larger than 2^53 - 1'],
  ] as const) {
    expect(() => replica().apply(new Log().add(type, data).entries)).toThrow(why);
  }
});
