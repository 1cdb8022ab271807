import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createDeskHistory } from '../../store/desk/desk-history.ts'
import { killRecords } from '../../store/testing/kill-story.ts'
import { temporaryDirectory } from '../../store/testing/temporary-store.ts'
import { until } from '../platform/until.ts'
import { hangRounds, openLife } from './hang-rounds.ts'
import { landedRows } from './landed-rows.ts'
import { type StandIn, startStandIn } from './start-stand-in.ts'

const home = temporaryDirectory()
let standIn: StandIn
beforeAll(async () => {
  standIn = await startStandIn({ directory: home.path })
})
afterAll(async () => {
  standIn?.thaw()
  await standIn?.stop()
  home.remove()
})

/** The request's own limit is an hour here: without one of its own nothing below would end. Nobody freezes a server that somebody else runs. */
describe.skipIf(process.env['CLICKHOUSE_URL'] !== undefined)('ClickHouse hangs (a stand-in that is frozen)', () => {
  it('a sink tells it while its insert waits, and goes on with that insert when ClickHouse does', async () => {
    const story = killRecords(5, 400)
    const life = openLife(standIn, 'told', story)
    await life.store.ready
    try {
      standIn.freeze()
      life.begin()
      await until('it is told', () => life.sink.stats().problem?.startsWith('no answer for ') === true)
      standIn.thaw()
      await until('all has landed', () => life.isDone())
      expect(life.sink.stats()).toMatchObject({ problem: null, failedInserts: 0 })
      expect(await landedRows(life.store)).toEqual({ counted: story.expected, doubles: 0 })
    } finally {
      standIn.thaw()
      await life.stop()
    }
  })

  it('an insert that begins only after its sink has left is waited for by the next one', async () => {
    const story = killRecords(6, 400)
    const first = openLife(standIn, 'late', story)
    const second = openLife(standIn, 'late', story)
    await first.store.ready
    await second.store.ready
    try {
      // What it tries again is refused until it leaves.
      await standIn.faults({
        next: [
          { how: 'late', times: 1, match: '^INSERT INTO readings ', delayMs: 800 },
          { how: 'before', times: 1_000, match: '^INSERT' },
        ],
      })
      first.begin()
      await until('it was cut', () => first.sink.stats().failedInserts > 0)
      await first.stop()
      await standIn.faults({})
      second.begin()
      await until('all has landed', () => second.isDone())
      // Where it is not waited for it comes now.
      await new Promise((resolve) => setTimeout(resolve, 800))
      expect(await landedRows(second.store)).toEqual({ counted: story.expected, doubles: 0 })
    } finally {
      await first.stop()
      await second.stop()
    }
  })

  it('an insert that a network holds up for longer than that is refused when it comes', async () => {
    const story = killRecords(8, 400)
    const first = openLife(standIn, 'heldup', story)
    const second = openLife(standIn, 'heldup', story)
    await first.store.ready
    await second.store.ready
    try {
      const heldUpMs = 6_500
      await standIn.faults({
        next: [
          { how: 'late', times: 1, match: '^INSERT INTO readings ', delayMs: heldUpMs },
          { how: 'before', times: 1_000, match: '^INSERT' },
        ],
      })
      first.begin()
      await until('it was cut', () => first.sink.stats().failedInserts > 0)
      const comesAtMs = performance.now() + heldUpMs
      await first.stop()
      await standIn.faults({})
      second.begin()
      await until('all has landed', () => second.isDone())
      await until('it has come', () => performance.now() > comesAtMs + 500)
      expect(await landedRows(second.store)).toEqual({ counted: story.expected, doubles: 0 })
    } finally {
      await first.stop()
      await second.stop()
    }
  })

  it.each([1])('seed %i: sinks that are stopped in the middle of what hangs lose nothing and double nothing', async (seed) => {
    const outcome = await hangRounds(standIn, { seed, freezes: 2, messages: 2_000 })
    expect(outcome).toMatchObject({ counted: outcome.expected, doubles: 0 })
  })

  it('a store that is not ready yet, and one that waits for the lock of a migration, close', async () => {
    const story = killRecords(7, 10)
    const settled = openLife(standIn, 'told', story)
    await settled.store.ready
    await settled.store.landing.command({ query: "CREATE TABLE migrating_1 (nothing UInt8) ENGINE = Memory COMMENT 'another'" })
    await settled.store.landing.command({ query: 'TRUNCATE TABLE migrations' })
    const waiting = openLife(standIn, 'told', story, 'one-that-waits')
    try {
      await new Promise((resolve) => setTimeout(resolve, 300))
      standIn.freeze()
      const asking = openLife(standIn, 'told', story)
      await until('it asks', () => asking.store.unansweredMs() > 0)
      await until('it waits', () => waiting.store.unansweredMs() > 0)
      await waiting.stop()
      await asking.stop()
      for (const { store } of [waiting, asking]) await expect(store.ready).rejects.toThrow(/ClickHouse/)
    } finally {
      standIn.thaw()
      await settled.stop()
      await waiting.stop()
    }
  })

  it("a desk's history closes while it reads, while people ask, and while it writes what it has heard", async () => {
    const life = openLife(standIn, 'told', killRecords(5, 10))
    await life.store.ready
    const open = () =>
      createDeskHistory({
        store: life.store,
        clock: systemClock,
        logger: silentLogger,
        behindMs: () => null,
        lookMs: 20,
        saveMs: 3_600_000,
      })
    try {
      const heard = open()
      await heard.ready
      standIn.freeze()
      const loading = open()
      const asked = heard.deviceFacts('pump-1').then(
        () => 'answered',
        (error: unknown) => (error as Error).message,
      )
      life.store.leaveWithin(100)
      await Promise.all([heard.close(), loading.close()])
      expect(await asked).toMatch(/^history is away|^the desk is closed/)
    } finally {
      standIn.thaw()
      await life.stop()
    }
  })
})
