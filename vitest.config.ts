import { defineConfig, type TestProjectConfiguration } from 'vitest/config'
import FileOrder from './test/file-order.ts'

/** Which tests: test/run.mjs says it. */
const set = process.env['WARDWATCH_TESTS'] ?? 'default'
const long = set === 'long'

/** Whole platforms on a Kafka, with faults: `npm run test:machines`. */
const machines = [
  'test/chaos/**/*.test.ts',
  'test/mosquitto/**/*.test.ts',
  'test/network/**/*.test.ts',
  'test/clickhouse/hang.test.ts',
  'test/clickhouse/platform.test.ts',
  'stream/kafka/broker-kill.test.ts',
  'stream/kafka/group-members.test.ts',
  'test/several-desks.test.ts',
  'test/several-machines.test.ts',
  'test/several-machines-pipeline.test.ts',
  'test/operations/prometheus.test.ts',
  // Builds programs in Go, once.
  'test/kubernetes/**/*.test.ts',
]
/** docker-compose.yml for real, and the conformance suites on containers: `npm run test:compose`. */
const compose = [
  'test/compose/**/*.test.ts',
  'stream/kafka/kafka-log.test.ts',
  'stream/kafka/secure-kafka.test.ts',
  'test/clickhouse/server-store.test.ts',
]
/** In `npm test`, what mostly waits runs beside the others. */
const waiting = [
  'test/demo.test.ts',
  'test/schemathesis.test.ts',
  'test/clickhouse/**/*.test.ts',
  'test/cli.test.ts',
  'stream/kafka/**/*.test.ts',
  'app/roles/machines-on-kafka.test.ts',
  'app/roles/password-newcomer.test.ts',
  'app/kafka-contact-problem.test.ts',
]
const campaigns = '**/*.long.test.ts'
const outside = ['node_modules/**', 'test/compose/**', ...machines, campaigns]

/** Each property as many times as often as it says itself, for those who look for what a random seed finds once in a hundred days. */
const setupFiles = process.env['WARDWATCH_PROPERTY_FACTOR'] === undefined ? [] : ['./test/property-factor.ts']
const common = { pool: 'forks', setupFiles, testTimeout: long || setupFiles.length > 0 ? 3_600_000 : 60_000, hookTimeout: 60_000 } as const
/** One file after the other. */
const alone = { maxWorkers: 1, fileParallelism: false } as const

const projects: Readonly<Record<string, TestProjectConfiguration[]>> = {
  default: [
    {
      test: {
        ...common,
        name: 'folders',
        include: ['**/*.test.ts'],
        exclude: [...outside, 'test/**', ...waiting],
        maxWorkers: 2,
        sequence: { groupOrder: 0 },
      },
    },
    {
      // Whole platforms, which work the machine: as a rule one at a time, beside one that waits (test/file-order.ts).
      test: {
        ...common,
        name: 'crossings',
        include: ['test/**/*.test.ts'],
        exclude: [...outside, ...waiting],
        maxWorkers: 2,
        sequence: { groupOrder: 1 },
      },
    },
    { test: { ...common, name: 'waiting', include: waiting, exclude: outside, maxWorkers: 2, sequence: { groupOrder: 1 } } },
  ],
  machines: [{ test: { ...common, ...alone, name: 'machines', include: machines, exclude: ['node_modules/**', campaigns] } }],
  compose: [{ test: { ...common, ...alone, name: 'compose', include: compose, globalSetup: './test/images/before-tests.ts' } }],
  long: [{ test: { ...common, ...alone, name: 'long', include: [campaigns], exclude: ['node_modules/**'] } }],
}
const chosen = projects[set]
if (chosen === undefined) throw new Error(`WARDWATCH_TESTS=${set}: there is ${Object.keys(projects).join(', ')}`)

export default defineConfig({
  test: { reporters: ['default', './test/skips-reporter.ts'], sequence: { sequencer: FileOrder }, projects: chosen },
})
