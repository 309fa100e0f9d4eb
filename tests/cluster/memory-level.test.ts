import { memory } from './support/networks.js';
import { levelStores } from './support/stores.js';
import { clusterSuite } from './support/suite.js';

clusterSuite('memory transport, level storage', { network: memory, stores: levelStores });
