export { grpcConnector } from './connector.js';
export type { GrpcConnectorOptions } from './connector.js';
export type { GrpcTls } from './credentials.js';
export type { GrpcLimits } from './limits.js';
export type { GrpcPeerStats, GrpcStats } from './stats.js';
export { grpcTransport } from './transport.js';
export type { GrpcTransport, GrpcTransportOptions } from './transport.js';
export type { UnaryMethod, UnaryService } from './unary.js';
