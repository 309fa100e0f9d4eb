#!/usr/bin/env node
import { runClient } from './cli.js';

// Whoever reads the output may go before its end, as `head` does.
process.stdout.on('error', () => process.exit());
process.exitCode = await runClient(process.argv.slice(2), {
  env: process.env,
  directory: process.cwd(),
  interrupted() {
    const ended = new AbortController();
    const end = (): void => ended.abort();
    process.once('SIGINT', end).once('SIGTERM', end);
    return ended.signal;
  },
  stdout: (output) => void process.stdout.write(output),
  stderr: (line) => void process.stderr.write(line),
});
