import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runtimeCommand } from './runtimes.ts'

const script = `
import(${JSON.stringify(join(import.meta.dirname, 'followed-output.ts'))}).then(async ({ followOutput }) => {
  const gone = followOutput(process.stdout)
  for (let i = 0; i < 400; i++) process.stdout.write('x'.repeat(549) + '\\n')
  await gone()
  process.exit(0)
})
`

// `wardwatch backtest | slow` on Bun ended after the 64 KiB that a pipe holds.
it.each(['bun', 'node'] as const)('an answer is not cut off at a pipe that is read late, on %s', async (runtime) => {
  const [binary] = runtimeCommand('detect', runtime)
  const child = spawn(binary, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => setTimeout(resolve, 500))
  let bytes = 0
  for await (const chunk of child.stdout) bytes += (chunk as Buffer).length
  expect(bytes).toBe(400 * 550)
})
