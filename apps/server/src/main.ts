#!/usr/bin/env node
import { RaftError } from '@raft/core';
import { readFlags } from './flags.js';
import { createLog } from './log.js';
import { program, readOptions } from './options.js';
import { runServer } from './run.js';
import { program as storageProgram, readStorageOptions, wantsJson } from './storage/options.js';
import { runStorage } from './storage/run.js';
import { describeError, exitCodes, UsageError } from './usage-error.js';
import { version } from './version.js';

process.exitCode = await main();

async function main(): Promise<number> {
  if (process.argv[2] === 'storage') return storageMain(process.argv.slice(3));
  try {
    const given = await readFlags(program, process.argv.slice(2), process.env, version);
    if (typeof given !== 'string') return await runServer(readOptions(given));
    process.stdout.write(`${given}\n`);
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const log = createLog('info', process.stderr, {});
    log.line(`${program.name}: ${error.message}`);
    await log.flush(1000);
    return exitCodes.usage;
  }
}

async function storageMain(args: readonly string[]): Promise<number> {
  // Whoever reads what it prints may go before its end, as `head` does.
  process.stdout.on('error', () => process.exit());
  const print = (line: string): Promise<void> =>
    new Promise((resolve) => void process.stdout.write(`${line}\n`, () => resolve()));
  try {
    const given = await readFlags(storageProgram, args, process.env, version);
    if (typeof given !== 'string') {
      return await runStorage(readStorageOptions(given, new Date().toISOString().replaceAll(/[:.]/g, '-')), print);
    }
    await print(given);
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RaftError)) throw error;
    const exitCode = error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
    process.stderr.write(`${describeError(error, exitCode, storageProgram.name, wantsJson(args, process.env))}\n`);
    return exitCode;
  }
}
