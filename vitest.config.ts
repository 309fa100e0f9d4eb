import { configDefaults, defineConfig } from 'vitest/config';

// Workspace packages are read from their sources, so that tests need no build before them.
const conditions = ['@raft/source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // All of the machine: much of the time goes to waiting for disks, elections and programs. By default one processor is left idle.
    maxWorkers: '100%',
    // Guards against what hangs, no statement about how long anything takes: a busy machine is slow.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The counts that .ci/run prints come from the JSON report.
    reporters: ['default', './tests/support/skip-reporter.ts', ['json', { outputFile: 'reports/tests.json' }]],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'proto/src/**/*.ts', 'apps/*/src/**/*.ts'],
      exclude: ['proto/src/generated/**'],
      reporter: ['text-summary', 'html', 'lcovonly'],
      reportOnFailure: true,
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'repo',
          include: ['tests/repo/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', 'proto/test/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'tests/repo/**', 'tests/process/**'],
        },
      },
      {
        // Tests that start the built programs. One file at a time and after the others: they measure time.
        extends: true,
        test: {
          name: 'process',
          include: ['apps/*/test/**/*.test.ts', 'tests/process/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
