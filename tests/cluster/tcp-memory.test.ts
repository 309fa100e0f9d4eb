import { tcp } from './support/networks.js';
import { memoryStores } from './support/stores.js';
import { clusterSuite } from './support/suite.js';

clusterSuite('tcp transport, memory storage', { network: tcp, stores: memoryStores });
