// Repairs or recovers a storage. Runs what was built.
import { inspectLevelStorage } from '../../dist/index.js';

const [directory, what, copyTo] = process.argv.slice(2);
const configuration = { voters: ['n1'], outgoing: [], learners: [], addresses: {}, stores: {} };
const options = { apply: true, copyTo, clusterId: 'd', configuration };
try {
  const inspector = await inspectLevelStorage({ directory });
  try {
    await (what === 'recover' ? inspector.recover(options) : inspector.repair(options));
  } finally {
    await inspector.close();
  }
} catch (error) {
  if (!error.code?.startsWith('RAFT_STORAGE_')) throw error;
  process.stdout.write(`${error.code} ${error.message}\n`);
  process.exitCode = 3;
}
