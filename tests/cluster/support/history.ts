import { checkLinearizable } from '@raft/testkit';
import type { Operation } from '@raft/testkit';

/** What a call did, or may have done. */
export interface Seen extends Pick<Operation, 'op' | 'value' | 'expected' | 'output' | 'ok'> {
  readonly isCertain: boolean;
}

/** The calls of many concurrent callers. */
export class History {
  readonly operations: Operation[] = [];
  readonly counts = { done: 0, unknown: 0, notDone: 0 };

  /** Makes a call and records it; `call` gives undefined when it certainly did nothing, and saw nothing. */
  async record(client: string, key: string, call: () => Promise<Seen | undefined>): Promise<void> {
    const calledAt = nanoseconds();
    const seen = await call();
    if (seen === undefined) {
      this.counts.notDone++;
      return;
    }
    const { isCertain, ...operation } = seen;
    this.counts[isCertain ? 'done' : 'unknown']++;
    this.operations.push({ client, key, ...operation, call: calledAt, return: isCertain ? nanoseconds() : null });
  }

  get keys(): string[] {
    return [...new Set(this.operations.map((operation) => operation.key))];
  }

  /** The keys whose operations have no order that explains them, with a few that cannot be explained. */
  problems(): string[] {
    return checkLinearizable(this.operations).map((anomaly) => anomaly.report);
  }
}

const nanoseconds = (): number => Math.round(performance.now() * 1_000_000);
