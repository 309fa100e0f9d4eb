import { decodeMessage, kvV1 } from '@raft/proto';
import { encodeCompareAndSet, encodeDelete, encodeSet, KvStateMachine } from '@raft/kv';
import type { KvAnswer, KvResult } from '@raft/kv';
import { checkExactlyOnce } from '../checker/exactly-once.js';
import type { Operation } from '../checker/history.js';
import { checkLinearizable } from '../checker/linearizable.js';
import { checkSequential } from '../checker/sequential.js';
import type { Write } from '../checker/sequential.js';
import type { Application } from './application.js';
import { Caller } from './caller.js';
import type { LoadScene, Outcome } from './caller.js';
import type { AppliedCommand } from './invariants.js';
import type { Member } from './member.js';
import { must } from './violation.js';

/** The replicated map, whose clients' histories are looked at by the checkers. */
export function kvApplication(): Application {
  return {
    createMachine: () => new KvStateMachine(),
    keepsResults: true,
    createClient: (name, dice, scene) => new KvCaller(name, dice, scene),
    describe: (value) => JSON.stringify(value) ?? '',
    contents: async (machine) =>
      JSON.stringify(await machine.query({ type: 'list', prefix: new Uint8Array() }), (_, value: unknown) =>
        value instanceof Uint8Array ? textOf(value) : value,
      ),
    check: async (scene, applied) => checkHistory(scene, applied),
  };
}

class KvCaller extends Caller {
  #written = 0;
  /** What it last saw of each key. */
  readonly #seen = new Map<string, string | null>();

  protected once(member: Member): Promise<unknown> {
    const key = `k${this.dice.whole(1, this.scene.profile.load.keys)}`;
    const kind = this.dice.random();
    if (kind < 0.35) return this.#set(member, key);
    if (kind < 0.5) return this.#get(member, key);
    if (kind < 0.65) return this.#getAtSomeLevel(key);
    if (kind < 0.9) return this.#compareAndSet(member, key);
    return this.#delete(member, key);
  }

  lastWrite(member: Member): Promise<Outcome<unknown>> {
    return this.#set(member, 'last');
  }

  lastRead(member: Member): Promise<Outcome<unknown>> {
    return this.#get(member, 'last');
  }

  async #set(member: Member, key: string): Promise<Outcome<unknown>> {
    const value = this.#newValue();
    const call = this.scene.tick();
    const outcome = await this.#write(member, encodeSet(key, value));
    this.#record(outcome, { client: this.name, op: 'set', key, value, call });
    if (outcome.end === 'done') this.#seen.set(key, value);
    return outcome;
  }

  async #delete(member: Member, key: string): Promise<void> {
    const call = this.scene.tick();
    const outcome = await this.#write(member, encodeDelete(key));
    const ok = outcome.end === 'done' && outcome.value.type === 'delete' ? { ok: outcome.value.existed } : {};
    if ('ok' in ok) this.scene.coverage.counts.deletions++;
    this.#record(outcome, { client: this.name, op: 'delete', key, call, ...ok });
  }

  async #compareAndSet(member: Member, key: string): Promise<void> {
    const expected = this.#seen.get(key) ?? null;
    const value = this.#newValue();
    const call = this.scene.tick();
    const condition = expected === null ? ({ absent: true } as const) : { value: expected };
    const outcome = await this.#write(member, encodeCompareAndSet(key, condition, value));
    const base = { client: this.name, op: 'cas', key, value, expected, call } as const;
    if (outcome.end !== 'done' || outcome.value.type !== 'compareAndSet') return this.#record(outcome, base);
    const result = outcome.value;
    this.scene.coverage.counts[result.swapped ? 'swaps' : 'swapsRefused']++;
    if (result.swapped) {
      this.#seen.set(key, value);
      return this.#record(outcome, { ...base, ok: true });
    }
    const output = result.current === undefined ? null : textOf(result.current.value);
    this.#seen.set(key, output);
    this.#record(outcome, { ...base, ok: false, output });
  }

  async #write(member: Member, command: Uint8Array): Promise<Outcome<KvResult>> {
    const outcome = (await this.propose(member, command)) as Outcome<KvResult>;
    if (outcome.end === 'done' && 'revision' in outcome.value) this.learned(outcome.value.revision);
    return outcome;
  }

  async #get(member: Member, key: string, level: 'linearizable' | 'lease' = 'linearizable'): Promise<Outcome<unknown>> {
    const call = this.scene.tick();
    const outcome = await this.read(member, queryFor(key), level);
    if (outcome.end !== 'done') return outcome;
    const output = valueIn(outcome.value);
    this.#seen.set(key, output);
    this.#record(outcome, { client: this.name, op: 'get', key, output, call });
    return outcome;
  }

  async #getAtSomeLevel(key: string): Promise<unknown> {
    const any = this.dice.pick(this.scene.members);
    const level = this.chooseLevel(any);
    if (typeof level === 'string') return this.#get(any, key, level);
    return this.readPlaced(any, { key, query: queryFor(key) }, level, valueIn);
  }

  #record({ end }: Outcome<unknown>, operation: Omit<Operation, 'return'>): void {
    const now = this.scene.tick();
    const whole: Operation =
      end === 'unknown'
        ? { ...operation, return: null, outcome: 'unknown' }
        : { ...operation, return: now, outcome: end === 'done' ? 'ok' : 'fail' };
    this.scene.history.push(whole);
    this.scene.note(() => `   ${JSON.stringify(whole)}`);
  }

  /** Another each time, so that who wrote what is never in doubt. */
  #newValue(): string {
    const { maxValueBytes } = this.scene.profile.load;
    return `${this.name}.${++this.#written}`.padEnd(this.dice.whole(0, maxValueBytes), '.');
  }
}

const queryFor = (key: string): unknown => ({ type: 'get', key: Buffer.from(key) });

function valueIn(answer: unknown): string | null {
  const found = answer as KvAnswer;
  return found.type === 'get' && found.found !== undefined ? textOf(found.found.value) : null;
}

const textOf = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();

/** What a run's clients saw, and what the state machines were given, held against what was promised. */
function checkHistory({ history, placed }: LoadScene, applied: readonly AppliedCommand[]): void {
  const commands = history.flatMap(({ value, outcome }) =>
    value === undefined
      ? []
      : [{ name: value, end: outcome === 'ok' ? 'done' : outcome === 'fail' ? 'no' : 'maybe' } as const],
  );
  const parsed = applied.map(parse);
  const repeated = checkExactlyOnce(
    commands,
    parsed.flatMap(({ name }) => name ?? []),
  );
  must(repeated.length === 0, () => `not exactly once: ${repeated.join('; ')}`);
  const anomalies = checkLinearizable(history);
  must(anomalies.length === 0, () => `not linearizable: ${anomalies.map(({ report }) => report).join('\n')}`);
  const stale = checkSequential(
    placed,
    parsed.flatMap(({ write }) => write ?? []),
  );
  must(stale.length === 0, () => `not sequentially consistent: ${stale.join('; ')}`);
}

interface Parsed {
  /** The value that it would write, which no other command writes; a deletion has none. */
  readonly name: string | undefined;
  /** Undefined: it changed nothing. */
  readonly write: Write | undefined;
}

function parse({ index, command, result }: AppliedCommand): Parsed {
  const { set, compareAndSet, delete: remove } = decodeMessage(kvV1.Command, command, 'command');
  const body = set ?? compareAndSet ?? remove;
  const key = textOf(body?.key);
  if (remove !== undefined && remove !== null) return { name: undefined, write: { index, key, value: null } };
  const value = textOf(set?.value ?? compareAndSet?.value);
  const isDone = set !== undefined && set !== null ? true : (result as { readonly swapped: boolean }).swapped;
  return { name: value, write: isDone ? { index, key, value } : undefined };
}
