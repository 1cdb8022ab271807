import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nodeBinary } from '../../app/runtime-binaries.mjs'

const main = fileURLToPath(new URL('../../app/main.ts', import.meta.url))
const run = promisify(execFile)

/** Runs a command of `wardwatch` as a user would; what it prints. Rejects with what it says when it fails. */
export const runWardwatch = async (...words: readonly string[]): Promise<string> =>
  (await run(nodeBinary()!, ['--disable-warning=ExperimentalWarning', main, ...words])).stdout
