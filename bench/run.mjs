// `npm run bench`: on the Node 26 that `npm ci` brought, whatever Node started npm.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { nodeBinary } from '../app/runtime-binaries.mjs'

const node = nodeBinary()
if (node === null) {
  console.error(`the bench needs Node 26 or later: this is ${process.version}`)
  process.exit(1)
}
const main = fileURLToPath(new URL('./main.ts', import.meta.url))
spawn(node, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], { stdio: 'inherit' }).on('exit', (code) =>
  process.exit(code ?? 1),
)
