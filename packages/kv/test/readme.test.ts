import { readFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';

it("the README's example is the one that runs here, and prints what it says", async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = await readFile(new URL('example.ts', import.meta.url), 'utf8');
  const [, shown] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  expect(shown).toBe(example);

  const printed: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)));
  try {
    await import('./example.js');
  } finally {
    log.mockRestore();
  }
  const promised = [...example.matchAll(/console\.log.*\/\/ (.*)/g)].map(([, line]) => line);
  expect(printed).toEqual(promised);
}, 30_000);
