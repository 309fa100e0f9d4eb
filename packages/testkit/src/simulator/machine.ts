import type { Applied, StateMachine } from '@raft/core';

export type Machine = StateMachine<Uint8Array, unknown, unknown, unknown>;

export interface MachineWatcher {
  applied(entries: readonly Applied<Uint8Array>[], results: readonly unknown[]): void;
  restored(): void;
}

/** The machine as it is, and a watcher that is told what it was given. */
export function watchMachine<Result, Query, Answer>(
  machine: StateMachine<Uint8Array, Result, Query, Answer>,
  watcher: MachineWatcher,
): StateMachine<Uint8Array, Result, Query, Answer> {
  const tell = (entries: readonly Applied<Uint8Array>[], results: readonly Result[]): readonly Result[] => {
    watcher.applied(entries, results);
    return results;
  };
  return {
    ...(machine.resultCodec === undefined ? {} : { resultCodec: machine.resultCodec }),
    apply(entries) {
      const results = machine.apply(entries);
      return results instanceof Promise ? results.then((all) => tell(entries, all)) : tell(entries, results);
    },
    query: (query) => machine.query(query),
    snapshot: () => machine.snapshot(),
    async restore(chunks) {
      await machine.restore(chunks);
      watcher.restored();
    },
  };
}
