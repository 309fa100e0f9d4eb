import { describe, expect, it } from 'vitest';
import { render } from '../../scripts/behaviours.mjs';
import { read, repositoryFiles } from './files.js';
import { testNames } from './test-names.js';

interface Section {
  readonly section: string;
  readonly lines: readonly { readonly line: string; readonly tests: readonly string[] }[];
}

const sections = JSON.parse(read('packages/core/test/behaviours.json')) as readonly Section[];

describe('the table of behaviours', () => {
  it('names tests that exist', () => {
    const files = new Set(repositoryFiles());
    const names = new Map<string, readonly string[]>();
    const missing = sections
      .flatMap(({ lines }) => lines.flatMap(({ tests }) => tests))
      .filter((test) => {
        const [path, name] = split(test);
        if (!files.has(path)) return true;
        if (!names.has(path)) names.set(path, testNames(path, read(path)));
        return !names.get(path)?.includes(name);
      });
    expect(missing).toEqual([]);
  });

  it('is up to date in the documents: node scripts/behaviours.mjs writes it', () => {
    expect(read('packages/core/BEHAVIOURS.md')).toBe(render(sections));
  });
});

describe('names of tests', () => {
  it('come with their groups, as they are written', () => {
    const text = [
      "describe('a', () => { test('b', () => {}); it.each([1])('c %s', () => {}); });",
      "for (const x of y) test(`d ${x} e`, () => {}); test.skipIf(z)('f', () => {});",
    ].join('\n');
    expect(testNames('x.ts', text)).toEqual(['a > b', 'a > c %s', 'd ${…} e', 'f']);
  });
});

function split(test: string): [string, string] {
  const at = test.indexOf(': ');
  return [test.slice(0, at), test.slice(at + 2)];
}
