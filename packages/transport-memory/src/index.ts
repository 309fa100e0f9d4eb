export { memoryNetwork } from './network.js';
export type { Block, MemoryNetwork, MemoryNetworkOptions } from './network.js';
export type { Faults } from './faults.js';
export type { MemoryConnectorOptions } from './channel.js';
export type { MemoryTransportOptions } from './transport.js';
