import { startServer } from './compose.js';
import type { RunningServer } from './compose.js';
import { createLog } from './log.js';
import type { Log } from './log.js';
import type { ServerOptions } from './options.js';
import { exitCodes, UsageError } from './usage-error.js';
import { version } from './version.js';

/** A clean stop takes this long at most, the writing of the last log lines included. */
const stopTimeoutMs = 8_000;
/** After a fatal error there is less to finish. */
const fatalTimeoutMs = 3_000;
const flushTimeoutMs = 1_000;

/** Why the server ends. */
type Ending = { readonly kind: 'asked'; readonly by: string } | { readonly kind: 'failed'; readonly error: unknown };

/** Runs until a signal, the end of stdin or a fatal error, and ends the process with its exit code. */
export async function runServer(options: ServerOptions): Promise<never> {
  const log = createLog(options.logLevel, process.stderr, { node: options.id, cluster: options.clusterId });
  const ending = deferred<Ending>();
  watchProcess(options, log, ending.resolve);
  const starting = startServer({
    ...options,
    version,
    logger: log.logger,
    onFatal: (error) => ending.resolve({ kind: 'failed', error }),
  });
  starting.then(
    (server) => announce(server, options, log),
    (error: unknown) => ending.resolve({ kind: 'failed', error }),
  );
  return end(await ending.promise, starting, log);
}

function watchProcess(options: ServerOptions, log: Log, end: (ending: Ending) => void): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals, number: number): void => {
    signals += 1;
    if (signals > 1) process.exit(128 + number);
    end({ kind: 'asked', by: signal });
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  if (options.stopOnStdinEnd) {
    const ended = (): void => end({ kind: 'asked', by: 'the end of stdin' });
    process.stdin.on('end', ended).on('error', ended).resume();
  }
  const onBug = (error: unknown): void => {
    log.logger('error', 'an error that nobody handles', { stack: error instanceof Error ? error.stack : undefined });
    end({ kind: 'failed', error });
  };
  process.on('uncaughtException', onBug).on('unhandledRejection', onBug);
}

function announce(server: RunningServer, options: ServerOptions, log: Log): void {
  const { transport, transportName, storageName, directory, listen } = options;
  log.logger(
    'info',
    transport.listens ? `up, on ${listen}` : `up, without a port: ${transportName} stays in this process`,
    {
      version,
      transport: transportName,
      storage: storageName,
      ...(transport.listens ? { listen } : {}),
      ...(directory === '' ? {} : { data: directory }),
      ...(server.http === undefined ? {} : { http: server.http }),
    },
  );
}

async function end(ending: Ending, starting: Promise<RunningServer>, log: Log): Promise<never> {
  const failed = ending.kind === 'failed';
  if (!failed) log.logger('info', `stopping: ${ending.by}`);
  const closing = starting.then(
    async (server) => {
      if (!failed) await server.handOver();
      await server.close();
    },
    // What failed to start has closed itself and is reported below.
    () => undefined,
  );
  const outcome = await within(closing, failed ? fatalTimeoutMs : stopTimeoutMs);
  if (outcome.kind === 'failed') log.logger('error', 'not everything could be closed', { error: text(outcome.error) });
  if (failed) log.line(`raft-server: ${text(ending.error)}`);
  else if (outcome.kind === 'late') log.line(`raft-server: not stopped within ${stopTimeoutMs} ms, ended by force`);
  else if (outcome.kind === 'failed') log.line(`raft-server: ${text(outcome.error)}`);
  await log.flush(flushTimeoutMs);
  // An exit waits for the threads that read and write files; one that hangs in a broken disk would keep it for ever.
  if (outcome.kind === 'late') process.kill(process.pid, 'SIGKILL');
  process.exit(exitCode(ending, outcome));
}

function exitCode(ending: Ending, outcome: Outcome): number {
  if (ending.kind === 'asked') return outcome.kind === 'done' ? exitCodes.done : exitCodes.failed;
  return ending.error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

/** The message with those of its causes that say something new. */
function text(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : text(error.cause);
  return cause === '' || error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}

type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'late' }
  | { readonly kind: 'failed'; readonly error: unknown };

async function within(work: Promise<void>, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'late' }), timeoutMs);
    work
      .then(
        () => resolve({ kind: 'done' }),
        (error: unknown) => resolve({ kind: 'failed', error }),
      )
      .finally(() => clearTimeout(timer));
  });
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
