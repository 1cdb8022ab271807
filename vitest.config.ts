import { defineConfig } from 'vitest/config'

const long = process.env['WARDWATCH_LONG'] === '1'
/** `npm run test:compose`: docker-compose.yml for real, and the conformance suites on containers. */
const compose = process.env['WARDWATCH_COMPOSE'] === '1'
const onContainers = [
  'test/compose/**/*.test.ts',
  'stream/kafka/kafka-log.test.ts',
  'stream/kafka/secure-kafka.test.ts',
  'test/clickhouse/server-store.test.ts',
]
const outside = ['node_modules/**', 'test/compose/**', ...(long ? [] : ['**/*.long.test.ts'])]
/** Whole platforms, and brokers in Java, that mostly wait: they run beside the others. */
const waiting = [
  'test/chaos/**/*.test.ts',
  'test/mosquitto/**/*.test.ts',
  'test/network/**/*.test.ts',
  'test/demo.test.ts',
  'test/schemathesis.test.ts',
  'test/clickhouse/**/*.test.ts',
  'test/cli.test.ts',
  'test/several-desks.test.ts',
  'stream/kafka/**/*.test.ts',
  'test/operations/prometheus.test.ts',
  'test/kubernetes/**/*.test.ts',
]
const common = { pool: 'forks', testTimeout: long ? 3_600_000 : 60_000, hookTimeout: 60_000 } as const

export default defineConfig({
  test: {
    reporters: ['default', './test/skips-reporter.ts'],
    projects: compose
      ? [
          {
            test: {
              ...common,
              name: 'compose',
              include: onContainers,
              globalSetup: './test/images/before-tests.ts',
              maxWorkers: 1,
              fileParallelism: false,
            },
          },
        ]
      : [
          {
            test: {
              ...common,
              name: 'folders',
              include: long ? ['**/*.long.test.ts'] : ['**/*.test.ts'],
              exclude: [...outside, 'test/**', ...(long ? [] : waiting)],
              maxWorkers: 2,
              sequence: { groupOrder: 0 },
            },
          },
          {
            // Whole platforms, which work the machine: one file after the other.
            test: {
              ...common,
              name: 'crossings',
              include: long ? ['test/**/*.long.test.ts'] : ['test/**/*.test.ts'],
              exclude: long ? outside : [...outside, ...waiting],
              maxWorkers: 1,
              sequence: { groupOrder: 1 },
            },
          },
          ...(long
            ? []
            : [
                {
                  test: {
                    ...common,
                    name: 'waiting',
                    include: waiting,
                    exclude: outside,
                    maxWorkers: 1,
                    sequence: { groupOrder: 1 },
                  },
                },
              ]),
        ],
  },
})
