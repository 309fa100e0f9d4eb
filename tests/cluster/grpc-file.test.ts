import { grpc } from './support/networks.js';
import { fileStores } from './support/stores.js';
import { clusterSuite } from './support/suite.js';

clusterSuite('grpc transport, file storage', { network: grpc, stores: fileStores });
