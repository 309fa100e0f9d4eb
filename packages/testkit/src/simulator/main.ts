import { parseArgs } from 'node:util';
import { simulateMany } from './batch.js';

const usage = `pnpm simulate [--seeds N] [--from SEED] [--nodes N] [--workers N] [--faults 0,1,…|none] [--demand-coverage] [--hashes]
Runs clusters of real nodes under simulated faults, a seed each, and stops at the first that fails.`;

function parse() {
  return parseArgs({
    // pnpm hands over a "--" that separates its own flags.
    args: process.argv.slice(2).filter((argument) => argument !== '--'),
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      nodes: { type: 'string' },
      workers: { type: 'string' },
      faults: { type: 'string' },
      'demand-coverage': { type: 'boolean', default: false },
      hashes: { type: 'boolean', default: false },
    },
  }).values;
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}, not ${text}`);
}

async function main(): Promise<number> {
  try {
    const values = parse();
    const { nodes, workers, faults } = values;
    const batch = {
      seeds: whole('seeds', values.seeds, 1, 2 ** 32),
      from: whole('from', values.from, 0, 2 ** 32),
      nodes: nodes === undefined ? undefined : whole('nodes', nodes, 1, 9),
      workers: workers === undefined ? undefined : whole('workers', workers, 1, 64),
      onlyFaults:
        faults === undefined
          ? undefined
          : faults === 'none'
            ? []
            : faults.split(',').map((number) => whole('faults', number, 0, 2 ** 32)),
      demandCoverage: values['demand-coverage'],
      hashes: values.hashes,
      command: 'pnpm simulate',
    };
    return await simulateMany(batch, console.log);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    return 2;
  }
}

process.exitCode = await main();
