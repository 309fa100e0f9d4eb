import type { Applied } from '@raft/core';
import { describe, expect, it } from 'vitest';
import { simulate, stateMachineSuite } from '../../src/index.js';
import type { SimulationResult } from '../../src/index.js';
import { testSuite } from '../../src/vitest.js';
import { bank, Bank } from './bank.js';
import type { Balance, Transfer } from './bank.js';

testSuite(stateMachineSuite(bank));

/** Runs seeds until one fails; undefined when all pass. */
async function failureOf(create: () => Bank, seeds = 40): Promise<string | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    const { failure } = await simulate({ seed, nodes: 3, stateMachine: { ...bank, create } });
    if (failure !== undefined) return failure.message;
  }
  return undefined;
}

describe('a state machine of somebody’s own', () => {
  it('goes through the storms, with sessions, snapshots and reads of every level', async () => {
    const results: SimulationResult[] = [];
    for (let seed = 1; seed <= 12; seed++) {
      const result = await simulate({ seed, stateMachine: bank });
      if (result.failure !== undefined) throw new Error(`seed ${seed} failed`, { cause: result.failure });
      results.push(result);
    }
    const sum = (name: keyof SimulationResult['counts']): number =>
      results.reduce((all, { counts }) => all + counts[name], 0);
    const wanted = [
      ...(['writesAcknowledged', 'sessionsOpened', 'commandsRepeated', 'repetitionsApplied'] as const),
      ...(['snapshotsInstalled', 'startsFromSnapshot', 'localReads', 'staleReads', 'leaseReads'] as const),
    ];
    expect(wanted.filter((name) => sum(name) === 0)).toEqual([]);
    expect(results.every(({ history }) => history.length > 0)).toBe(true);
  }, 300_000);

  it('has the same hash for the same seed', async () => {
    const hashes: string[] = [];
    for (let time = 0; time < 2; time++) hashes.push((await simulate({ seed: 3, stateMachine: bank })).hash);
    expect(hashes[0]).toBe(hashes[1]);
  }, 300_000);

  it('needs no codec for results; then nobody has sessions', async () => {
    const create = (): Bank => Object.defineProperty(new Bank(), 'resultCodec', { value: undefined });
    for (let seed = 1; seed <= 4; seed++) {
      const { failure, counts } = await simulate({ seed, nodes: 3, stateMachine: { ...bank, create } });
      expect(failure).toBeUndefined();
      expect(counts.sessionsOpened).toBe(0);
    }
  }, 300_000);

  it('is found out when its results depend on more than the commands', async () => {
    let calls = 0;
    class Moody extends Bank {
      protected override transfer(transfer: Transfer): boolean {
        return calls++ % 50 === 0 ? false : super.transfer(transfer);
      }
    }
    expect(await failureOf(() => new Moody())).toMatch(/has another outcome on \d than elsewhere|replayed/);
  }, 300_000);

  it('is found out when its snapshot leaves something out', async () => {
    class Forgetful extends Bank {
      override async *snapshot(): AsyncGenerator<Uint8Array> {
        this.balances.delete('cid');
        yield* super.snapshot();
      }
    }
    expect(await failureOf(() => new Forgetful())).toBeDefined();
  }, 300_000);

  it('is found out when its snapshot shows more than the state as of the call', async () => {
    class Late extends Bank {
      override async *snapshot(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array();
        await new Promise((resolve) => void setImmediate(resolve));
        yield* super.snapshot();
      }
    }
    expect(await failureOf(() => new Late())).toBeDefined();
  }, 300_000);

  it('is found out when it answers from an earlier state', async () => {
    class Stale extends Bank {
      #seen = new Map<string, Balance>();
      override query(account: string): Balance {
        const before = this.#seen.get(account);
        this.#seen.set(account, super.query(account));
        return before;
      }
    }
    expect(await failureOf(() => new Stale())).toMatch(/not linearizable|not sequentially|holds/);
  }, 300_000);

  it('is found out when a query changes the state', async () => {
    class Greedy extends Bank {
      override query(account: string): Balance {
        const balance = super.query(account);
        if (account === 'ann') this.balances.set('ann', (balance ?? 0) - 1);
        return balance;
      }
    }
    expect(await failureOf(() => new Greedy())).toBeDefined();
  }, 300_000);

  it('tells why its node stopped when apply throws', async () => {
    class Strict extends Bank {
      override apply(entries: readonly Applied<Transfer>[]): boolean[] {
        if (entries.some(({ index }) => index > 20)) throw new Error('no more than twenty');
        return super.apply(entries);
      }
    }
    expect(await failureOf(() => new Strict())).toMatch(/stopped itself.*no more than twenty/);
  }, 300_000);
});
