/** What a contract asks for, as cases that any test runner can run. A case passes when its promise resolves. */
export interface Suite {
  readonly name: string;
  readonly cases: readonly SuiteCase[];
}

export interface SuiteCase {
  /** One sentence: what holds. Unique in its suite. */
  readonly name: string;
  /** Why the case cannot be run here: an ability that was not declared. A runner shows it as skipped. */
  readonly skipped?: string | undefined;
  /** Longer than this (milliseconds) is a hang. */
  readonly timeoutMs: number;
  /** Makes what it needs, and cleans up whatever happens. Rejects with an `AssertionError` that says what is broken. */
  run(): Promise<void>;
}
