export interface Mutant {
  readonly name: string;
  readonly why: string;
  /** From the repository's root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Where the tests are that should notice; else those of the package. */
  readonly tests?: readonly string[];
}

export function mutants(): readonly Mutant[];
