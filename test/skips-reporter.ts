import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** Prints a plain line for each test that was skipped and why, and writes the counts where `.ci/run` reads them. */
export default class SkipsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    const lines: string[] = []
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const result = test.result()
        counts[result.state === 'pending' ? 'skipped' : result.state]++
        if (result.state === 'skipped') lines.push(`skipped: ${test.fullName}: ${result.note ?? 'this machine lacks what its name says'}`)
      }
    }
    for (const line of lines) process.stdout.write(`${line}\n`)
    const file = process.env['WARDWATCH_TEST_COUNTS']
    if (file !== undefined) writeFileSync(file, `${JSON.stringify(counts)}\n`)
  }
}
