import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { runtimeCommand } from './runtimes.ts'

const script = `
import { followOutput } from ${JSON.stringify(join(import.meta.dirname, 'followed-output.ts'))}
const gone = followOutput(process.stdout)
for (let i = 0; i < 400; i++) process.stdout.write('x'.repeat(549) + '\\n')
await gone()
process.exit(0)
`

// `wardwatch backtest | slow` on Bun ended after the 64 KiB that a pipe holds. A shell's pipe: a parent on Node would read ahead.
it.each(['bun', 'node'] as const)('an answer is not cut off at a pipe that is read late, on %s', async (runtime) => {
  const folder = mkdtempSync(join(tmpdir(), 'ww-output-'))
  try {
    const file = join(folder, 'answer.mjs')
    writeFileSync(file, script)
    const [binary] = runtimeCommand('detect', runtime)
    const { stdout } = await promisify(execFile)('sh', ['-c', '"$0" "$1" | (sleep 0.3; wc -c)', binary, file])
    expect(Number(stdout)).toBe(400 * 550)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
