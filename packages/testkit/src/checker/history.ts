/** One call on one key of the map, as its caller saw it; a line of a history file. Times in nanoseconds. */
export interface Operation {
  /** Who called. A client's calls follow each other: none begins before the one before has returned or was given up. */
  readonly client: string;
  readonly op: 'get' | 'set' | 'delete' | 'cas';
  readonly key: string;
  /** What was to be written, by a set and a compare-and-set. */
  readonly value?: string;
  /** What a compare-and-set expected; null: that the key is not there. */
  readonly expected?: string | null;
  /** What a get found, or a refused compare-and-set; null: the key is not there. Absent when it is not known. */
  readonly output?: string | null;
  /** Whether a compare-and-set swapped; whether a delete found something. Absent when it is not known. */
  readonly ok?: boolean;
  readonly call: number;
  /** Null: no answer came, so it may have been done at any time since the call, or never. */
  readonly return: number | null;
  /** `fail`: certainly not done, and so of no account. Default `ok`, or `unknown` without a return. */
  readonly outcome?: 'ok' | 'fail' | 'unknown';
}

/** One JSON object a line, so that other checkers can read it. */
export function writeHistory(history: readonly Operation[]): string {
  return history.map((operation) => `${JSON.stringify(operation)}\n`).join('');
}

/** Reads what {@link writeHistory} and others write; empty lines are left out. Throws Error naming the first line that is wrong. */
export function readHistory(text: string): Operation[] {
  return text.split('\n').flatMap((line, place) => {
    if (line.trim() === '') return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new Error(`line ${place + 1} of the history is no JSON`);
    }
    const why = whyMalformed(value);
    if (why !== undefined) throw new Error(`line ${place + 1} of the history: ${why}`);
    return [value as Operation];
  });
}

function whyMalformed(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'an object was expected';
  const operation = value as Readonly<Record<string, unknown>>;
  const { op } = operation;
  const isText = (name: string): boolean => typeof operation[name] === 'string';
  const isTextOrNull = (name: string): boolean => isText(name) || operation[name] === null;
  for (const name of ['client', 'key']) if (!isText(name)) return `${name} must be a string`;
  if (op !== 'get' && op !== 'set' && op !== 'delete' && op !== 'cas') return 'op must be get, set, delete or cas';
  if ((op === 'set' || op === 'cas') && !isText('value')) return `a ${op} needs a value, a string`;
  if (op === 'cas' && !isTextOrNull('expected')) return 'a cas needs what it expects, a string or null';
  if ('output' in operation && !isTextOrNull('output')) return 'output must be a string or null';
  if ('ok' in operation && typeof operation['ok'] !== 'boolean') return 'ok must be true or false';
  if (typeof operation['call'] !== 'number') return 'call must be a number of nanoseconds';
  if (operation['return'] !== null && typeof operation['return'] !== 'number') return 'return must be a number or null';
  if ('outcome' in operation && !['ok', 'fail', 'unknown'].includes(String(operation['outcome'])))
    return 'outcome must be ok, fail or unknown';
  return undefined;
}

/** One line for a person. */
export function describeOperation(operation: Operation): string {
  const { client, op, key, value, expected, output, ok, call } = operation;
  const end = isUnknown(operation) ? 'no answer' : operation.return;
  const asked = op === 'cas' ? `${show(expected)} -> ${show(value)}` : op === 'set' ? show(value) : '';
  const answer = isUnknown(operation)
    ? ''
    : op === 'get'
      ? ` = ${show(output)}`
      : ok === undefined
        ? ''
        : op === 'delete'
          ? ` (${ok ? 'was' : 'was not'} there)`
          : ok
            ? ' swapped'
            : ` refused${output === undefined ? '' : `, found ${show(output)}`}`;
  return `[${call} .. ${end}] ${client}: ${op} ${key} ${asked}${answer}`.replaceAll(/ +/g, ' ').trimEnd();
}

const show = (value: string | null | undefined): string => (value === null ? 'nothing' : (value ?? '?'));

export function isUnknown(operation: Operation): boolean {
  return operation.return === null || operation.outcome === 'unknown';
}
