import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHistory, simulate, simulateMany } from '../../src/index.js';
import type { SimulationOptions } from '../../src/index.js';
import { bank, Bank } from './bank.js';

/** Its snapshots leave somebody out, which shows once a node has started from one. */
class Forgetful extends Bank {
  override async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await super.restore(chunks);
    this.balances.delete('ann');
  }
}

const forgetful = { ...bank, create: (): Bank => new Forgetful() };

describe('a run that fails', () => {
  let logFolder: string;

  beforeEach(() => {
    logFolder = mkdtempSync(join(tmpdir(), 'simulation-'));
  });

  afterEach(() => {
    rmSync(logFolder, { recursive: true });
  });

  async function report(options: Omit<SimulationOptions, 'seed'>, command?: string): Promise<string[]> {
    const lines: string[] = [];
    const code = await simulateMany({ from: 1, seeds: 50, logFolder, command, ...options }, (line) => lines.push(line));
    expect(code).toBe(1);
    return lines;
  }

  it('is cut down to the faults that matter, and tells what happened, where all is to be read, and how to see it again', async () => {
    const lines = await report({ nodes: 3, stateMachine: forgetful });
    const text = lines.join('\n');
    const seed = Number(/^seed (\d+) failed: Violation: /m.exec(text)?.[1]);
    const [, kept, planned] = /^with (\d+) of (\d+) faults: /m.exec(text) ?? [];
    expect(Number(kept)).toBeLessThan(Number(planned));
    expect(text.match(/\*\* fault \d+: /g)?.length ?? 0).toBeGreaterThanOrEqual(Math.min(1, Number(kept)));

    const log = readFileSync(join(logFolder, `simulation-${seed}.log`), 'utf8');
    expect(log).toContain('profile {');
    expect(log).toMatch(/^ +\d+\.\d{3} {2}FAILED: /m);
    const history = readHistory(readFileSync(join(logFolder, `simulation-${seed}.history.jsonl`), 'utf8'));
    expect(history.length).toBeGreaterThan(0);

    const replay = /simulate\(\{ seed: (\d+), nodes: 3, onlyFaults: \[(.*)\], log: true, … \}\)$/.exec(text);
    expect(replay?.[1]).toBe(String(seed));
    const onlyFaults = replay?.[2] === '' ? [] : (replay?.[2] ?? '').split(', ').map(Number);
    const again = await simulate({ seed, nodes: 3, onlyFaults, stateMachine: forgetful });
    expect(text).toContain(`with ${kept} of ${planned} faults: ${again.failure?.message}`);
  }, 300_000);

  it('tells the command line, where there is one', async () => {
    const lines = await report({ stateMachine: forgetful }, 'pnpm simulate');
    expect(lines.at(-1)).toMatch(/^to see it again: pnpm simulate --from \d+ --seeds 1 --faults (?:[\d,]+|none)$/);
  }, 300_000);

  it('is one in which a rejection is left alone', async () => {
    class Careless extends Bank {
      override query(account: string): number | undefined {
        if (account === 'bob') void Promise.reject(new Error('nobody cares'));
        return super.query(account);
      }
    }
    // The test runner would take them for its own.
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    try {
      const { failure } = await simulate({
        seed: 1,
        nodes: 3,
        stateMachine: { ...bank, create: () => new Careless() },
      });
      expect(failure?.message).toBe('a rejection that nobody handles: nobody cares');
      expect(process.listenerCount('unhandledRejection')).toBe(0);
    } finally {
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  }, 300_000);
});

describe('a batch', () => {
  it('fails for what was never met, where that is asked for', async () => {
    const lines: string[] = [];
    const options = { from: 1, seeds: 1, nodes: 1, workers: 1, demandCoverage: true };
    expect(await simulateMany(options, (line) => lines.push(line))).toBe(1);
    expect(lines.find((line) => line.startsWith('never met: '))).toMatch(/jointPhases.*partition with lease/);
    expect(await simulateMany({ ...options, demandCoverage: false }, () => {})).toBe(0);
  }, 300_000);
});
