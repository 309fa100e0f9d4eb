#!/usr/bin/env node
import { readFlags } from './flags.js';
import { createLog } from './log.js';
import { program, readOptions } from './options.js';
import { runServer } from './run.js';
import { exitCodes, UsageError } from './usage-error.js';
import { version } from './version.js';

process.exitCode = await main();

async function main(): Promise<number> {
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
