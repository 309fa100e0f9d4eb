import { describe, expect, it } from 'vitest';
import { simulate } from '../../src/index.js';

/** What every storm must leave standing is looked at by the simulation itself; CI runs many more of them. */
async function run(from: number, seeds: number, nodes?: number): Promise<string[]> {
  const hashes: string[] = [];
  for (let seed = from; seed < from + seeds; seed++) {
    const { failure, hash } = await simulate({ seed, nodes });
    if (failure !== undefined) {
      const replay = `pnpm simulate --from ${seed} --seeds 1${nodes === undefined ? '' : ` --nodes ${nodes}`}`;
      throw new Error(`seed ${seed} failed; to see it: ${replay}`, { cause: failure });
    }
    hashes.push(hash);
  }
  return hashes;
}

describe('a simulated cluster of real nodes', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'of %i keeps its promises through a storm and agrees after it',
    async (nodes) => {
      await run(1000, 2, nodes);
    },
    300_000,
  );

  it('does the same for the same seed, and something else for another', async () => {
    const hashes = await run(1, 3, 5);
    expect(await run(1, 3, 5)).toEqual(hashes);
    expect(new Set(hashes).size).toBe(3);
  }, 300_000);

  it('does the same whether it is logged or not', async () => {
    const { hash } = await simulate({ seed: 5, nodes: 3 });
    const logged = await simulate({ seed: 5, nodes: 3, log: true });
    expect(logged.hash).toBe(hash);
    expect(logged.log.length).toBeGreaterThan(1000);
  }, 300_000);
});
