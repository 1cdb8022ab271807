import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pipeline, Stage } from '../contracts/api/pipeline.ts'
import { type LoadedPlatform, startLoadedPlatform } from './chaos/loaded-platform.ts'
import { lackingOwnKafka } from './kafka/kafka-offer.ts'
import { type DeskClient, signInAsAdmin } from './platform/desk-client.ts'
import { until } from './platform/until.ts'

const lacks = lackingOwnKafka()
const patienceMs = 60_000
const machines = {
  desk: { roles: ['desk'] },
  sink: { roles: ['sink'] },
  'detect-a': { roles: ['detect'] },
  'edge-a': { roles: ['edge'] },
  'edge-b': { roles: ['edge'], later: true },
} as const

/** Each role on a machine of its own, on one Kafka: what an operator sees of all of them at the desk. */
describe.skipIf(lacks !== null)(
  `the Pipeline of a desk that is alone on its machine${lacks === null ? '' : ` (skipped: ${lacks})`}`,
  { timeout: 240_000 },
  () => {
    let loaded: LoadedPlatform
    let admin: DeskClient
    const pipeline = (): Promise<Pipeline> => admin.get<Pipeline>('/pipeline')
    const stage = async (id: Stage['id']): Promise<Stage> => (await pipeline()).stages.find((one) => one.id === id)!
    const readyz = async (name: string): Promise<string> => loaded.platform.readyz(name)
    /** What it waited for in vain is told by what was there. */
    const untilSeen = async (what: string, seen: (now: Pipeline) => boolean): Promise<void> => {
      let last: Pipeline | null = null
      await until(what, async () => seen((last = await pipeline())), patienceMs).catch((error: unknown) => {
        const stages = last?.stages.map(({ id, state, inPerSecond, problem }) => ({ id, state, inPerSecond, problem }))
        throw new Error(`${what}: ${JSON.stringify({ signs: last?.signs, stages }, null, 1)}`, { cause: error })
      })
    }
    const untilAllRun = (): Promise<void> =>
      untilSeen(
        'every stage runs, with rates',
        ({ stages, signs }) =>
          stages.every(({ state }) => state === 'running') &&
          ['edge', 'log', 'detect', 'landing'].every((id) => (stages.find((one) => one.id === id)!.inPerSecond ?? 0) > 0) &&
          signs.problems.length === 0,
      )

    beforeAll(async () => {
      loaded = await startLoadedPlatform(
        { seed: 11, devices: 20, readingsPerSecond: 100, liarEvery: 1_000, liesWithinMs: 1_000 },
        { machines, clickhouse: true },
      )
      admin = await signInAsAdmin(loaded.platform.machine('desk'))
    }, 180_000)
    afterAll(() => loaded?.stop(), 60_000)

    it('shows what the edge, the detectors and the sink do, on their machines', async () => {
      await untilAllRun()
      const { signs } = await pipeline()
      expect(signs.connections).toBe(20)
      // As far as a rate of seconds on a busy machine is one.
      await untilSeen('about what the devices send', ({ signs: { readingsPerSecond } }) => Math.abs((readingsPerSecond ?? 0) - 100) < 30)
      expect((await stage('edge')).latencyP99Ms).toBeGreaterThan(0)
      expect((await loaded.platform.machine('desk').roles()).map(({ kind }) => kind)).toEqual(['desk'])
    })

    it('names a machine that is not heard of any more, and has it back', async () => {
      await loaded.platform.kill('detect-a')
      await untilSeen('the stage is unknown', ({ stages }) => stages.find(({ id }) => id === 'detect')!.state === 'unknown')
      const { stages, signs } = await pipeline()
      expect(stages.find(({ id }) => id === 'detect')).toMatchObject({
        inPerSecond: null,
        problem: expect.stringMatching(/^detect-a has not been heard of for \d+ s/),
      })
      expect(stages.filter(({ state }) => state === 'running').map(({ id }) => id)).toEqual(['edge', 'log', 'triage', 'landing', 'paging'])
      expect(signs.problems).toEqual([expect.stringMatching(/^detect-a has not been heard of/)])
      await loaded.platform.start('detect-a')
      await untilAllRun()
    })

    it('does not miss a machine that was stopped in order', async () => {
      await loaded.platform.start('edge-b')
      const known = async (): Promise<number> => {
        const [desk] = await loaded.platform.machine('desk').roles()
        return (desk!.stats!['machines'] as { readonly known: number }).known
      }
      await until('it is known', async () => (await known()) === 4, patienceMs)
      await loaded.platform.leave('edge-b')
      await until('it is forgotten', async () => (await known()) === 3, 10_000)
      await untilAllRun()
    })

    it('Kafka is away: it is said, the others are not heard of, and people still read it; Kafka is back: all runs', async () => {
      const broker = loaded.platform.kafka.nodes[0]!
      await broker.kill()
      await untilSeen('the log can not be read', ({ stages }) => stages.find(({ id }) => id === 'log')!.state === 'down')
      const sentence = /^desk@desk can not read the log \(Kafka has given nothing for \d+ s: .+\)$/
      expect((await stage('log')).problem).toMatch(sentence)
      expect((await pipeline()).signs.problems).toContainEqual(expect.stringMatching(sentence))
      for (const name of ['desk', 'detect-a', 'sink'])
        await until(`${name} is not ready`, async () => (await readyz(name)).includes('can not read the log'), patienceMs)
      await loaded.platform.machine('sink').killRole('sink@sink')
      await until(
        'why it is not up again is said',
        async () => /sink@sink is restarting: log\.kafka: .+/.test(await readyz('sink')),
        patienceMs,
      )
      await untilSeen('the others are not heard of', ({ stages }) =>
        (['edge', 'detect', 'landing'] as const).every((id) => {
          const { state, problem } = stages.find((one) => one.id === id)!
          return (state === 'unknown' || (id === 'landing' && state === 'behind')) && /not been heard of for \d+ s/.test(problem ?? '')
        }),
      )
      await broker.start()
      await untilAllRun()
      for (const name of loaded.platform.running())
        await until(`${name} is ready again`, async () => (await readyz(name)).includes('"ok":true'), patienceMs)
    })
  },
)
