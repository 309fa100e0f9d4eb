import { describe, expect, it } from 'vitest';
import { mutants } from '../../scripts/mutants-list.mjs';
import { read } from './files.js';

describe('the mutants', () => {
  it('name text that is once in its file, so that each can be made', () => {
    const lost = mutants().filter(({ file, find }) => read(file).split(find).length !== 2);
    expect(lost.map(({ name }) => name)).toEqual([]);
  });

  it('change something, and each is told apart by its name', () => {
    const all = mutants();
    expect(all.filter(({ find, replace }) => find === replace)).toEqual([]);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});
