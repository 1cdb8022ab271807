import { afterEach, describe, expect, it } from 'vitest'
import type { EventLog } from '../contracts/event-log.ts'
import type { Leadership } from '../contracts/leadership.ts'

/** A way to lead on a log of its own. */
export interface LeadershipUnderTest {
  readonly log: EventLog
  readonly leadership: Leadership
  cleanup(): Promise<void>
}

const stand = { url: 'https://desk.example', authority: 'AA:BB' }

/** What every way to lead promises to a desk that is alone. */
export const describeLeadership = (name: string, open: () => Promise<LeadershipUnderTest>): void => {
  describe(`${name} as a leadership`, () => {
    let under: LeadershipUnderTest
    afterEach(() => under.cleanup())

    const texts = async (topic: 'cases.v1' | 'findings.v1'): Promise<string[]> => {
      const found: string[] = []
      for (const { partition, earliest, next } of await under.log.ranges([topic]))
        for await (const { records } of under.log.read(topic, partition, earliest, next))
          for (const { value } of records) found.push(Buffer.from(value).toString())
      return found
    }
    const record = (text: string) => [{ key: 'x', value: Buffer.from(text) }]

    it('whoever is alone leads, is sure of it, and appends in order; what it appends ends where the log says', async () => {
      under = await open()
      const { leadership } = under
      let elected = leadership.leads
      await leadership.campaign({
        ...stand,
        async onElected() {
          elected = true
          await leadership.log.append('cases.v1', record('while it takes over'))
        },
      })
      expect([elected, leadership.leads]).toEqual([true, true])
      await leadership.sure()
      for (let i = 0; i < 20; i++) await leadership.log.append('cases.v1', record(`${i}`))
      await Promise.all(Array.from({ length: 20 }, (_, i) => leadership.log.append('findings.v1', record(`f${i}`))))
      expect((await texts('cases.v1')).slice(-20)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`))
      expect(await texts('findings.v1')).toHaveLength(20)

      // A consumer's place behind the last record is the end that `ranges` tells, whatever the log keeps behind it.
      const [range] = await under.log.ranges(['cases.v1'])
      const reached = Promise.withResolvers<void>()
      const consumer = await under.log.consume({
        topics: ['cases.v1'],
        group: 'desk-reader',
        onAssigned: async (partitions) => partitions.map(() => 'earliest'),
        onBatch: async ({ nextOffset }) => {
          if (nextOffset === range!.next) reached.resolve()
        },
      })
      await reached.promise
      await consumer.close()
    })

    it('closing it settles `failed` and leaves the log as it is', async () => {
      under = await open()
      const { leadership } = under
      await leadership.campaign({ ...stand, onElected: async () => {} })
      await leadership.log.append('cases.v1', record('the last'))
      await leadership.close()
      await leadership.failed
      expect(await texts('cases.v1')).toEqual(['the last'])
    })
  })
}
