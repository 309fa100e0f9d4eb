import type { Caller, LoadScene } from './caller.js';
import type { Dice } from './dice.js';
import type { AppliedCommand } from './invariants.js';
import type { Machine } from './machine.js';

/** What the simulated cluster replicates, who calls it, and how it is judged what they were told. */
export interface Application {
  createMachine(): Machine;
  /** Whether its results can be kept for sessions. */
  readonly keepsResults: boolean;
  createClient(name: string, dice: Dice, scene: LoadScene): Caller;
  /** Equal for equal results. */
  describe(result: unknown): string;
  /** Equal for equal states. */
  contents(machine: Machine): Promise<string>;
  /** Throws {@link Violation} when the callers were told what cannot be, given what was applied. */
  check(scene: LoadScene, applied: readonly AppliedCommand[]): Promise<void>;
}
