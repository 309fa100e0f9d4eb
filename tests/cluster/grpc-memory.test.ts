import { grpc } from './support/networks.js';
import { memoryStores } from './support/stores.js';
import { clusterSuite } from './support/suite.js';

clusterSuite('grpc transport, memory storage', { network: grpc, stores: memoryStores });
