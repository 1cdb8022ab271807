import { expect, it, vi } from 'vitest'
import { createRegistryWait } from './registry-wait.ts'

const steered = () => {
  const looks: PromiseWithResolvers<void>[] = []
  const reached = (): Promise<void> => {
    const look = Promise.withResolvers<void>()
    looks.push(look)
    return look.promise
  }
  return { looks, reached }
}

it('whoever comes during a look waits for one that begins after, and shares it', async () => {
  const { looks, reached } = steered()
  const wait = createRegistryWait(reached, 60_000, 0)
  const answers: string[] = []
  const first = wait().then((is) => answers.push(`first ${is}`))
  const others = Promise.all([wait(), wait(), wait()]).then((are) => answers.push(`others ${are.join()}`))
  expect(looks).toHaveLength(1)
  looks[0]!.resolve()
  await first
  await expect.poll(() => looks.length).toBe(2)
  expect(answers).toEqual(['first true'])
  looks[1]!.resolve()
  await others
  expect(answers).toEqual(['first true', 'others true,true,true'])
  void wait()
  await expect.poll(() => looks.length).toBe(3)
})

it('a flood is no flood of questions: between two looks there is a pause, and who comes in it is answered by the next', async () => {
  vi.useFakeTimers()
  try {
    let looks = 0
    const wait = createRegistryWait(
      async () => {
        looks++
      },
      60_000,
      50,
    )
    expect(await wait()).toBe(true)
    const answered: Promise<boolean>[] = []
    for (let ms = 0; ms < 1_000; ms += 10) {
      for (let knock = 0; knock < 20; knock++) answered.push(wait())
      await vi.advanceTimersByTimeAsync(10)
    }
    await vi.advanceTimersByTimeAsync(50)
    expect(new Set(await Promise.all(answered))).toEqual(new Set([true]))
    expect(looks).toBeLessThanOrEqual(1 + 1_050 / 50)
  } finally {
    vi.useRealTimers()
  }
})

it('a log that fails, or says nothing in time, is not an answer about a device', async () => {
  const { looks, reached } = steered()
  const failing = createRegistryWait(reached, 60_000, 0)
  const answer = failing()
  looks[0]!.reject(new Error('Kafka is away'))
  expect(await answer).toBe(false)
  expect(await createRegistryWait(reached, 20, 0)()).toBe(false)
})

it('a log that hangs is asked once, however many knock, and once more when it answers', async () => {
  const { looks, reached } = steered()
  const wait = createRegistryWait(reached, 5, 0)
  for (let knock = 0; knock < 5; knock++) expect(await wait()).toBe(false)
  expect(looks).toHaveLength(1)
  const last = wait()
  looks[0]!.resolve()
  await expect.poll(() => looks.length).toBe(2)
  looks[1]!.resolve()
  await last
})
