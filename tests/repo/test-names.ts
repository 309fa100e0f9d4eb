import { parseSync, visitorKeys } from 'oxc-parser';
import { isNode } from './sources.js';
import type { SyntaxNode } from './sources.js';

const groups: ReadonlySet<string> = new Set(['describe', 'suite']);
const tests: ReadonlySet<string> = new Set(['test', 'it']);

/**
 * The tests of a file with the groups they are in: `group > group > test`. Titles that are made from a table stand as they are
 * written, with their `%s` and `$name`; those that a loop makes stand with `${…}` for what changes.
 */
export function testNames(path: string, text: string): string[] {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const names: string[] = [];
  collect(program as unknown as SyntaxNode, [], names);
  return names;
}

function collect(node: SyntaxNode, path: readonly string[], names: string[]): void {
  let inside = path;
  if (node.type === 'CallExpression') {
    const kind = calleeName(node['callee']);
    const title = titleOf((node['arguments'] as readonly unknown[])[0]);
    if (title !== undefined && kind !== undefined) {
      if (tests.has(kind)) names.push([...path, title].join(' > '));
      if (groups.has(kind)) inside = [...path, title];
    }
  }
  for (const key of visitorKeys[node.type] ?? []) {
    const child = node[key];
    for (const item of Array.isArray(child) ? child : [child]) if (isNode(item)) collect(item, inside, names);
  }
}

/** `test` of `test(…)`, `test.skipIf(…)(…)` and `test.each([…])(…)`. */
function calleeName(callee: unknown): string | undefined {
  if (!isNode(callee)) return undefined;
  if (callee.type === 'Identifier') return String(callee['name']);
  if (callee.type === 'MemberExpression') return calleeName(callee['object']);
  if (callee.type === 'CallExpression') return calleeName(callee['callee']);
  return callee.type === 'TaggedTemplateExpression' ? calleeName(callee['tag']) : undefined;
}

function titleOf(argument: unknown): string | undefined {
  if (!isNode(argument)) return undefined;
  if (argument.type === 'Literal' && typeof argument['value'] === 'string') return argument['value'];
  if (argument.type !== 'TemplateLiteral') return undefined;
  const quasis = argument['quasis'] as readonly { readonly value: { readonly cooked: string } }[];
  return quasis.map(({ value }) => value.cooked).join('${…}');
}
