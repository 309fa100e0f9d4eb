/** What became of a command that bears a name of its own: `done` was acknowledged, `no` certainly not done, `maybe` neither. */
export interface NamedCommand {
  readonly name: string;
  readonly end: 'done' | 'no' | 'maybe';
}

/**
 * Every acknowledged command was applied exactly once, every refused one never, every other at most once. `applied`: the names in
 * the order in which the state machine was given them. Gives what is wrong, a line each.
 */
export function checkExactlyOnce(commands: readonly NamedCommand[], applied: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const name of applied) times.set(name, (times.get(name) ?? 0) + 1);
  const problems = [...times]
    .filter(([, count]) => count > 1)
    .map(([name, count]) => `${name} was applied ${count} times`);
  for (const { name, end } of commands) {
    const isApplied = times.has(name);
    if (end === 'done' && !isApplied) problems.push(`${name} was acknowledged, but never applied`);
    if (end === 'no' && isApplied) problems.push(`${name} was said to be certainly not done, but was applied`);
  }
  return problems;
}
