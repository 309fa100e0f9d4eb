import { parentPort } from 'node:worker_threads';
import { simulate } from './simulation.js';
import type { SimulationOptions } from './simulation.js';

// One thread of a batch: it gets options and answers with results, one by one. Nobody reads the history of a run that passed.
parentPort?.on('message', (options: SimulationOptions) => {
  void simulate(options).then((result) => {
    const answer = result.failure === undefined ? { ...result, history: [] } : result;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    parentPort?.postMessage(answer);
  });
});
