import { defineConfig } from 'vitest/config'

const long = process.env['WARDWATCH_LONG'] === '1'
const outside = ['node_modules/**', ...(long ? [] : ['**/*.long.test.ts'])]
const common = { pool: 'forks', testTimeout: long ? 3_600_000 : 60_000, hookTimeout: 60_000 } as const

export default defineConfig({
  test: {
    reporters: ['default', './test/skips-reporter.ts'],
    projects: [
      {
        test: {
          ...common,
          name: 'folders',
          include: long ? ['**/*.long.test.ts'] : ['**/*.test.ts'],
          exclude: [...outside, 'test/**'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole platforms, which want the machine for themselves: one file after the other.
        test: {
          ...common,
          name: 'crossings',
          include: long ? ['test/**/*.long.test.ts'] : ['test/**/*.test.ts'],
          exclude: outside,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
