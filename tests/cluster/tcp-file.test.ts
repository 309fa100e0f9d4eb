import { tcp } from './support/networks.js';
import { fileStores } from './support/stores.js';
import { clusterSuite } from './support/suite.js';

clusterSuite('tcp transport, file storage', { network: tcp, stores: fileStores });
