export { tcpTransport } from './transport.js';
export type { TcpTransport, TcpTransportOptions } from './transport.js';
export { tcpConnector } from './connector.js';
export type { TcpConnectorOptions } from './connector.js';
export type { TcpLimits } from './limits.js';
export type { TcpTls } from './sockets.js';
export type { TcpPeerStats, TcpStats } from './stats.js';
