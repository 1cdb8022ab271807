import { expect, it } from 'vitest'
import { createSealer } from '../seal.ts'
import { createChangelogCodec } from './changelog-codec.ts'
import type { KafkaReader, StateRecord } from './kafka-ports.ts'
import { lookInChangelog } from './look-in-changelog.ts'
import { untilServed } from './until-served.ts'

const topic = 'changelog.detect.observations.by-device.v1'
const [ours, another] = [createSealer(Buffer.alloc(32, 1), 'state'), createSealer(Buffer.alloc(32, 2), 'state')]
const sealedBy = (sealer: typeof ours, partition: number): StateRecord =>
  createChangelogCodec(sealer, `${topic}/${partition}`).encode({ key: 'pump', value: Buffer.from('state') })

/** A changelog whose partition `n` begins with `records[n]`; `leaderless` are not led until `electedAfter` look-ups of who leads. */
const changelog = (records: readonly StateRecord[], leaderless: readonly number[] = [], electedAfter = Infinity) => {
  let lookUps = 0
  let nowMs = 0
  const read: number[] = []
  const reader: Pick<KafkaReader, 'prepare' | 'leaderOf' | 'ends' | 'fetchCommitted'> = {
    async prepare() {
      lookUps++
      nowMs += 1_000
    },
    leaderOf: (_, partition) =>
      partition >= records.length || (leaderless.includes(partition) && lookUps <= electedAfter) ? undefined : '1',
    ends: async ([asked]) => [{ ...asked!, earliest: 0, next: 1 }],
    async fetchCommitted(_, { partition }) {
      read.push(partition)
      return { after: 1, records: [records[partition]!] }
    },
  }
  const look = () =>
    lookInChangelog({
      topic,
      partitions: records.length,
      reader,
      sealer: ours,
      served: (what, ask) => untilServed(what, ask, { msMax: 5_000, steadyNowMs: () => nowMs, ending: () => false }),
    })
  return { look, read, lookUps: () => lookUps }
}

it('one partition that opens is enough, though another has no leader', async () => {
  const { look, lookUps } = changelog([sealedBy(another, 0), sealedBy(ours, 1), sealedBy(ours, 2)], [0, 1])
  expect(await look()).toBe(true)
  expect(lookUps()).toBe(1)
})

it('where nothing opens in any partition, nothing opens', async () => {
  const { look, read } = changelog([sealedBy(another, 0), sealedBy(another, 1), sealedBy(another, 2)])
  expect(await look()).toBe(false)
  expect(read).toEqual([0, 1, 2])
})

it('a partition without a leader is waited for: what opens may be in it, and the others are not read again', async () => {
  const { look, read } = changelog([sealedBy(another, 0), sealedBy(ours, 1), sealedBy(another, 2)], [1], 2)
  expect(await look()).toBe(true)
  expect(read).toEqual([0, 2, 1])
})

it('where nobody comes to lead it that is an outage, told as one, and no answer about the key', async () => {
  const { look, lookUps } = changelog([sealedBy(another, 0), sealedBy(ours, 1)], [1])
  await expect(look()).rejects.toMatchObject({
    name: 'LogUnavailable',
    reason: 'broker-away',
    message: expect.stringContaining(`nobody leads ${topic}/1 now`),
  })
  expect(lookUps()).toBeGreaterThan(2)
})
