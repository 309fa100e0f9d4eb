import { grpc } from './support/networks.js';
import { levelStores } from './support/stores.js';
import { clusterSuite } from './support/suite.js';

clusterSuite('grpc transport, level storage', { network: grpc, stores: levelStores });
