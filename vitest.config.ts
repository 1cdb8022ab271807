import { defineConfig } from 'vitest/config'

const long = process.env['WARDWATCH_LONG'] === '1'

export default defineConfig({
  test: {
    include: long ? ['**/*.long.test.ts'] : ['**/*.test.ts'],
    exclude: ['node_modules/**', ...(long ? [] : ['**/*.long.test.ts'])],
    reporters: ['default', './test/skips-reporter.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: long ? 3_600_000 : 60_000,
    hookTimeout: 60_000,
  },
})
