import { tcp } from './support/networks.js';
import { levelStores } from './support/stores.js';
import { clusterSuite } from './support/suite.js';

clusterSuite('tcp transport, level storage', { network: tcp, stores: levelStores });
