import { asUtf8, toBase64 } from './bytes.js';
import type { Encoding } from './bytes.js';

/** Keys and values in JSON. What is not UTF-8 makes the whole object base64, and `encoding` says so. */
export function jsonOf(
  parts: { readonly key: Uint8Array; readonly value?: Uint8Array },
  encoding: Encoding,
): { readonly key: string; readonly value?: string; readonly encoding: Encoding } {
  const key = encoding === 'utf8' ? asUtf8(parts.key) : undefined;
  const value = encoding === 'utf8' && parts.value ? asUtf8(parts.value) : undefined;
  if (key !== undefined && (parts.value === undefined || value !== undefined)) {
    return { key, ...(value === undefined ? {} : { value }), encoding: 'utf8' };
  }
  return { key: toBase64(parts.key), ...(parts.value ? { value: toBase64(parts.value) } : {}), encoding: 'base64' };
}

/** A value alone, for a program or a file to take: its very bytes and a line feed, or base64. */
export function rawOf(value: Uint8Array, encoding: Encoding): Uint8Array {
  return Buffer.concat([encoding === 'base64' ? Buffer.from(toBase64(value)) : value, Buffer.from('\n')]);
}

/** One line for people: control characters are escaped, and what is not UTF-8 is marked as base64. */
export function shown(bytes: Uint8Array, encoding: Encoding): string {
  if (encoding === 'base64') return toBase64(bytes);
  const text = asUtf8(bytes);
  if (text === undefined) return `base64:${toBase64(bytes)}`;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)
    ? JSON.stringify(text).replaceAll('\u007f', '\\u007f')
    : text;
}

/** A key and its value on one line of a listing. */
export function itemLine(item: { readonly key: Uint8Array; readonly value: Uint8Array }, encoding: Encoding): string {
  return `${shown(item.key, encoding)}\t${shown(item.value, encoding)}`;
}

/** The lines of left-aligned columns, two blanks between them. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => void (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
