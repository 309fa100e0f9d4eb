import { memory } from './support/networks.js';
import { memoryStores } from './support/stores.js';
import { clusterSuite } from './support/suite.js';

clusterSuite('memory transport, memory storage', { network: memory, stores: memoryStores });
