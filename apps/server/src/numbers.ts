import type { Given } from './flags.js';
import { UsageError } from './usage-error.js';

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

/** A whole number within a range, or undefined when the flag is not given. */
export function readNumber(given: Given, flag: string, range: NumberRange): number | undefined {
  const text = given.text(flag);
  if (text === undefined) return undefined;
  return parseWhole(text, range) ?? refuse(given.nameOf(flag), text, describeRange(range));
}

/** Two whole numbers as `min-max`, min below max, or undefined when the flag is not given. */
export function readSpan(given: Given, flag: string, range: NumberRange): { min: number; max: number } | undefined {
  const text = given.text(flag);
  if (text === undefined) return undefined;
  const wanted = `min-max, ${describeRange(range)} each and min below max, such as 500-1000`;
  const [, low, high] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  const min = parseWhole(low ?? '', range);
  const max = parseWhole(high ?? '', range);
  if (min === undefined || max === undefined || min >= max) return refuse(given.nameOf(flag), text, wanted);
  return { min, max };
}

function parseWhole(text: string, { min, max }: NumberRange): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

function describeRange({ min, max, unit }: NumberRange): string {
  return `a whole number of ${unit} from ${min} to ${max}`;
}

function refuse(name: string, text: string, wanted: string): never {
  throw new UsageError(`${name} is ${JSON.stringify(text)}: give ${wanted}`);
}
