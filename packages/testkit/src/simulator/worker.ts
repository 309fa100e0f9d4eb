import { parentPort } from 'node:worker_threads';
import { simulate } from './simulation.js';
import type { SimulationOptions } from './simulation.js';

// One thread of a batch: it gets options and answers with results, one by one.
parentPort?.on('message', (options: SimulationOptions) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  void simulate(options).then((result) => parentPort?.postMessage(result));
});
