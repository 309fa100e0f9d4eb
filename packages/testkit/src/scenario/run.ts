import { play, Stage } from './commands.js';

/** A line of a script that does not come out as it says. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  /** From 1. */
  readonly line: number;

  constructor(line: number, text: string, cause: unknown) {
    super(`line ${line}, "${text}": ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.line = line;
  }
}

/** What the comment at the head of a script says: what it guards against. Empty when it has none. */
export function scenarioPurpose(script: string): string {
  const lines = script.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  return lines
    .slice(0, end < 0 ? lines.length : end)
    .map((line) => line.replace(/^#\s?/, ''))
    .join('\n')
    .trim();
}

/** Plays a script, line by line, on a cluster of the pure consensus. Throws {@link ScenarioError} at the first line that fails. */
export function runScenario(script: string): void {
  const stage = new Stage();
  script.split('\n').forEach((line, place) => {
    const text = line.replace(/#.*/, '').trim();
    if (text === '') return;
    try {
      play(stage, text);
    } catch (error) {
      throw new ScenarioError(place + 1, text, error);
    }
  });
}
