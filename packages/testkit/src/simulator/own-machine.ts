import { inspect } from 'node:util';
import { checkExactlyOnce } from '../checker/exactly-once.js';
import { checkLogOrder } from '../checker/log-order.js';
import { checkSequential } from '../checker/sequential.js';
import type { PlacedOperation, Write } from '../checker/sequential.js';
import type { StateMachineSuiteOptions } from '../state-machine-suite/index.js';
import type { Application } from './application.js';
import { Caller } from './caller.js';
import type { LoadScene, Outcome } from './caller.js';
import type { AppliedCommand } from './invariants.js';
import type { Machine } from './machine.js';
import type { Member } from './member.js';
import { encodeFor, tagged, TaggedMachine, tagOf } from './tagged.js';
import type { PlacedResult } from './tagged.js';
import { must } from './violation.js';

/** A state machine of somebody's own, and what it is asked: the options of its suite. */
export type OwnMachine = Pick<
  StateMachineSuiteOptions<unknown, unknown, unknown, unknown>,
  'create' | 'commands' | 'queries'
>;

/** A command that was given to a node. */
interface Given {
  readonly tag: number;
  readonly operation: PlacedOperation;
  readonly end: 'done' | 'no' | 'unknown';
  /** What its caller was told, described. */
  readonly told: string | undefined;
}

/** Any state machine: what its callers were told is held against the log's order, replayed on a machine that nothing befell. */
export class OwnApplication implements Application {
  readonly own: OwnMachine;
  readonly given: Given[] = [];
  /** Linearizable and lease reads. */
  readonly reads: PlacedOperation[] = [];
  #tags = 0;

  constructor(own: OwnMachine) {
    this.own = own;
  }

  createMachine(): Machine {
    return new TaggedMachine(this.own.create());
  }

  createClient(...[name, dice, scene]: Parameters<Application['createClient']>): Caller {
    return new OwnCaller(this, name, dice, scene);
  }

  get keepsResults(): boolean {
    return this.own.create().resultCodec !== undefined;
  }

  nextTag(): number {
    return ++this.#tags;
  }

  describe(value: unknown): string {
    return describe(value);
  }

  async contents(machine: Machine): Promise<string> {
    return (await answers(machine, this.own.queries)).join(', ');
  }

  async check({ placed }: LoadScene, applied: readonly AppliedCommand[]): Promise<void> {
    const byTag = new Map(applied.map((one) => [tagOf(one.command), one]));
    const problems = checkExactlyOnce(
      this.given.map(({ tag, end }) => ({ name: `command ${tag}`, end: end === 'unknown' ? 'maybe' : end })),
      applied.map(({ command }) => `command ${tagOf(command)}`),
    );
    must(problems.length === 0, () => `not exactly once: ${problems.join('; ')}`);
    for (const { tag, told, operation } of this.given) {
      const result = describe(byTag.get(tag)?.result);
      must(
        told === undefined || told === result,
        () => `${operation.client} was told that ${operation.value} gave ${told}, but the machines gave ${result}`,
      );
    }
    const writes = await this.#replay(applied);
    const calls = this.given.flatMap(({ tag, operation }): PlacedOperation[] => {
      const index = byTag.get(tag)?.index;
      return index === undefined ? [] : [{ ...operation, index }];
    });
    const misplaced = checkLogOrder([...calls, ...this.reads], writes);
    must(misplaced.length === 0, () => `not linearizable: ${misplaced.join('; ')}`);
    const stale = checkSequential(placed, writes);
    must(stale.length === 0, () => `not sequentially consistent: ${stale.join('; ')}`);
  }

  /** What each query is answered from which place in the log on; the results have to be the same again. */
  async #replay(applied: readonly AppliedCommand[]): Promise<Write[]> {
    const machine = this.createMachine();
    const present = await answers(machine, this.own.queries);
    const writes = present.map((value, query): Write => ({ index: 0, key: `query ${query}`, value }));
    for (const { index, term, command, result } of applied) {
      const [again] = await machine.apply([{ index, term, command }]);
      must(
        describe(again) === describe(result),
        () => `replayed on a new machine, the command at ${index} gives ${describe(again)}, not ${describe(result)}`,
      );
      (await answers(machine, this.own.queries)).forEach((value, query) => {
        if (value === present[query]) return;
        present[query] = value;
        writes.push({ index, key: `query ${query}`, value });
      });
    }
    return writes;
  }
}

class OwnCaller extends Caller {
  readonly #application: OwnApplication;

  constructor(application: OwnApplication, ...rest: ConstructorParameters<typeof Caller>) {
    super(...rest);
    this.#application = application;
  }

  protected once(member: Member): Promise<unknown> {
    const kind = this.dice.random();
    if (kind < 0.6) return this.lastWrite(member);
    if (kind < 0.75) return this.lastRead(member);
    return this.#readAtSomeLevel();
  }

  async lastWrite(member: Member): Promise<Outcome<unknown>> {
    const { own, given } = this.#application;
    const place = this.dice.whole(0, own.commands.length - 1);
    const tag = this.#application.nextTag();
    const bytes = encodeFor(own.create(), own.commands[place]);
    const call = this.scene.tick();
    const outcome = await this.propose(member, tagged(tag, bytes));
    const now = this.scene.tick();
    const operation: PlacedOperation = {
      client: this.name,
      op: 'set',
      key: 'machine',
      value: `command ${tag} (commands[${place}])`,
      call,
      return: outcome.end === 'unknown' ? null : now,
      outcome: outcome.end === 'done' ? 'ok' : outcome.end === 'no' ? 'fail' : 'unknown',
    };
    if (outcome.end === 'done') this.learned((outcome.value as PlacedResult).index);
    const told = outcome.end === 'done' ? describe(outcome.value) : undefined;
    given.push({ tag, operation, end: outcome.end, told });
    this.scene.history.push(operation);
    this.scene.note(() => `   ${JSON.stringify(operation)}`);
    return outcome;
  }

  async lastRead(member: Member, level: 'linearizable' | 'lease' = 'linearizable'): Promise<Outcome<unknown>> {
    const { key, query } = this.#chooseQuery();
    const call = this.scene.tick();
    const outcome = await this.read(member, query, level);
    if (outcome.end !== 'done') return outcome;
    const output = describe(outcome.value);
    const operation = { client: this.name, op: 'get', key, output, call, return: this.scene.tick() } as const;
    this.#application.reads.push(operation);
    this.scene.history.push(operation);
    this.scene.note(() => `   ${JSON.stringify(operation)}`);
    return outcome;
  }

  async #readAtSomeLevel(): Promise<unknown> {
    const any = this.dice.pick(this.scene.members);
    const level = this.chooseLevel(any);
    if (typeof level === 'string') return this.lastRead(any, level);
    return this.readPlaced(any, this.#chooseQuery(), level, describe);
  }

  #chooseQuery(): { readonly key: string; readonly query: unknown } {
    const { queries } = this.#application.own;
    const place = this.dice.whole(0, queries.length - 1);
    return { key: `query ${place}`, query: queries[place] };
  }
}

async function answers(machine: Machine, queries: readonly unknown[]): Promise<string[]> {
  const all: string[] = [];
  for (const query of queries) all.push(describe(await machine.query(query)));
  return all;
}

/** The same text for values that are the same, whatever the order in which properties were set, and whatever views bytes come in. */
const describe = (value: unknown): string =>
  inspect(structuredClone(value), {
    sorted: true,
    depth: Number.POSITIVE_INFINITY,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: null,
    maxStringLength: null,
  });
