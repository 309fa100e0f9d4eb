export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where a node, a transport or a storage says what happens. Must not block and must not throw. */
export type Logger = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export const silent: Logger = () => {};
