import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nodeBinary } from '../../app/runtime-binaries.mjs'
import { commandAt, loopback, type Place } from './place.ts'

const main = fileURLToPath(new URL('../../app/main.ts', import.meta.url))
const run = promisify(execFile)

/** Runs a command of `wardwatch` as a user would; what it prints. Rejects with what it says when it fails. */
export const runWardwatch = (...words: readonly string[]): Promise<string> => runWardwatchAt(loopback, ...words)

export const runWardwatchAt = async (place: Place, ...words: readonly string[]): Promise<string> =>
  (await run(...commandAt(place, nodeBinary()!, ['--disable-warning=ExperimentalWarning', main, ...words]))).stdout
