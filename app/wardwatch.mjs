#!/usr/bin/env node
// The launcher: plain JavaScript that any Node from 20 on understands. It finds the Node 26 that `npm ci` brought and runs the sources with it.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { nodeBinary } from './runtime-binaries.mjs'

const node = nodeBinary()
if (node === null) {
  console.error(
    `wardwatch needs Node 26 or later: this is ${process.version}, and npm has no Node 26 package for ${process.platform}-${process.arch}. Install it and try again.`,
  )
  process.exit(1)
}
const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const child = spawn(node, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], { stdio: 'inherit' })
// A signal may reach the whole group (Ctrl-C in a terminal) or this process alone: it is passed on, and the child takes several at once for one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 128 + 15))
child.on('error', (error) => {
  console.error(`wardwatch could not start ${node}: ${error.message}`)
  process.exit(1)
})
