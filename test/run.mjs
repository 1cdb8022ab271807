// `npm test`: runs vitest on the Node 26 that `npm ci` brought, whatever Node started npm.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { nodeBinary } from '../app/runtime-binaries.mjs'

const node = nodeBinary()
if (node === null) {
  console.error(
    `the tests need Node 26 or later: this is ${process.version}, and npm has no Node 26 package for ${process.platform}-${process.arch}`,
  )
  process.exit(1)
}
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const words = process.argv.slice(2)
// `--machines`: whole platforms on a Kafka, with faults. `--compose`: docker-compose.yml for real, and the conformance suites on containers and on
// nothing else. `--long`: the campaigns.
const sets = {
  '--machines': { WARDWATCH_TESTS: 'machines' },
  '--compose': { WARDWATCH_TESTS: 'compose', WARDWATCH_TEST_PLACE: 'docker' },
  '--long': { WARDWATCH_TESTS: 'long' },
}
const set = sets[words[0]]
spawn(node, [vitest, 'run', ...(set === undefined ? words : words.slice(1))], {
  stdio: 'inherit',
  env: { ...process.env, ...set },
}).on('exit', (code) => process.exit(code ?? 1))
