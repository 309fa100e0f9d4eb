import type { Applied, StateMachine } from '@raft/core';
import type { Suite } from '../suite.js';
import { cases } from './cases.js';
import type { Workbench } from './cases.js';

export interface StateMachineSuiteOptions<Command, Result, Query, Answer> {
  /** Of the state machine, for the report. */
  readonly name: string;
  /** A new machine, which has applied nothing. */
  readonly create: () => StateMachine<Command, Result, Query, Answer>;
  /** Commands that make a difference, in an order in which they do: ten at least, and as different as there are. */
  readonly commands: readonly Command[];
  /** Queries whose answers show all of the state. */
  readonly queries: readonly Query[];
}

/** What the contract of `StateMachine` promises, as cases for a machine of yours. Throws RangeError for fewer than ten commands. */
export function stateMachineSuite<Command, Result, Query, Answer>(
  options: StateMachineSuiteOptions<Command, Result, Query, Answer>,
): Suite {
  const { name, create, commands, queries } = options;
  if (commands.length < 10)
    throw new RangeError(`a state machine is tried with 10 commands at least, not ${commands.length}`);
  if (queries.length === 0) throw new RangeError('a state machine is tried with one query at least');
  const bench: Workbench = {
    create,
    entries: commands.map((command, place): Applied<unknown> => ({
      index: 2 * place + 3,
      term: 1 + (place >> 2),
      command,
    })),
    queries,
  };
  return {
    name: `${name}: state machine suite`,
    cases: cases.map(({ name: what, run }) => ({ name: what, timeoutMs: 20_000, run: () => run(bench) })),
  };
}
