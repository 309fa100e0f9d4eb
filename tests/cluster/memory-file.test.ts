import { memory } from './support/networks.js';
import { fileStores } from './support/stores.js';
import { clusterSuite } from './support/suite.js';

clusterSuite('memory transport, file storage', { network: memory, stores: fileStores });
