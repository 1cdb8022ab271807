import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest of them by far: begun last, it would be waited for alone. */
const first = 'test/demo.test.ts'

/**
 * Two files run at once: one that works the machine and one that mostly waits, in turn. (Vitest runs projects of one group in one queue: that
 * each has a worker of its own it can't be told.)
 */
export default class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const waiting = sorted.filter(({ project }) => project.name === 'waiting')
    const others = sorted.filter(({ project }) => project.name !== 'waiting')
    waiting.sort((a, b) => Number(b.moduleId.endsWith(first)) - Number(a.moduleId.endsWith(first)))
    return Array.from({ length: Math.max(waiting.length, others.length) }, (_, i) => [others[i], waiting[i]])
      .flat()
      .filter((file) => file !== undefined)
  }
}
