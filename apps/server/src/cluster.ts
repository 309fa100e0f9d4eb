#!/usr/bin/env node
import { ClusterError } from './cluster/cluster-error.js';
import { program, readClusterOptions } from './cluster/options.js';
import { startCluster } from './cluster/start.js';
import { stopCluster } from './cluster/stop.js';
import { readFlags } from './flags.js';
import { exitCodes, UsageError } from './usage-error.js';
import { version } from './version.js';

// Whoever read what this prints may have gone; the cluster stays.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const given = await readFlags(program, process.argv.slice(2), process.env, version);
    if (typeof given === 'string') print(given);
    else {
      const options = readClusterOptions(given);
      if (options.command === 'stop') print(await stopCluster(options.directory));
      else await startCluster(options, print, stopSignal());
    }
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ClusterError)) throw error;
    process.stderr.write(`${program.name}: ${error.message}\n`);
    return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Aborts at the first signal; at the second the process ends, and the nodes with it. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.failed);
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  return controller.signal;
}
