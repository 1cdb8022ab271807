import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

const failureCharactersMax = 3_000

/** Prints a plain line for each test that was skipped and why, and writes the counts and what failed where `.ci/run` reads them. */
export default class SkipsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    const lines: string[] = []
    const failures: string[] = []
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed++
      failures.push(...module.errors().map(({ message }) => `${module.relativeModuleId}: ${message}`))
      for (const test of module.children.allTests()) {
        const result = test.result()
        counts[result.state === 'pending' ? 'skipped' : result.state]++
        if (result.state === 'skipped') lines.push(`skipped: ${test.fullName}: ${result.note ?? 'this machine lacks what its name says'}`)
        if (result.state === 'failed')
          failures.push(
            `${module.relativeModuleId} > ${test.fullName}: ${result.errors.map(({ message, stack }) => `${message}\n${stack ?? ''}`).join('\n')}`,
          )
      }
    }
    for (const line of lines) process.stdout.write(`${line}\n`)
    const file = process.env['WARDWATCH_TEST_COUNTS']
    if (file !== undefined)
      writeFileSync(file, `${JSON.stringify({ ...counts, failures: failures.map((text) => text.slice(0, failureCharactersMax)) })}\n`)
  }
}
