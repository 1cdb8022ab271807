import { expect, it } from 'vitest'
import { LogUnavailable } from '../../contracts/event-log.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createCommitWriter } from './commit-writer.ts'
import type { SendOutcome } from './kafka-ports.ts'
import { createWriteWatch } from './write-watch.ts'

const ok: SendOutcome = { ok: true }
const gone: SendOutcome = { ok: false, maybeWritten: false, failure: { kind: 'away', message: 'connect ECONNREFUSED' } }
const unanswered: SendOutcome = { ok: false, maybeWritten: true, failure: { kind: 'away', message: 'Closed connection' } }
const forbidden: SendOutcome = { ok: false, maybeWritten: false, failure: { kind: 'refused', message: 'Not authorized' } }

/** Time that passes in the pauses only, and lanes that answer what they are told; the last answer again and again. */
const rig = (...lanes: SendOutcome[][]) => {
  let nowMs = 0
  let ending = false
  const stuck: LogUnavailable[] = []
  const sent: string[] = []
  const watch = createWriteWatch(silentLogger, () => nowMs).of('findings.v1')
  const write = createCommitWriter({
    name: 'findings.v1',
    watch,
    giveUpMs: 5_000,
    onStuck: (error) => stuck.push(error),
    ending: () => ending,
    ended: new Promise<void>(() => {}),
    async pause(ms) {
      nowMs += ms
      if (nowMs > 60_000) ending = true
    },
  })
  return {
    watch,
    stuck,
    sent,
    write: (batches = 1) =>
      write(
        lanes.map((answers, lane) => ({
          lane: {
            async send(values) {
              sent.push(`${lane}:${values[0]!.toString()}`)
              return answers.length > 1 ? answers.shift()! : answers[0]!
            },
          },
          batches: Array.from({ length: batches }, (_, batch) => [Buffer.from(`${batch}`)]),
        })),
      ),
  }
}

it('writes every batch of every partition, in order', async () => {
  const { write, sent } = rig([ok], [ok])
  await write(2)
  expect(sent.filter((one) => one.startsWith('0'))).toEqual(['0:0', '0:1'])
  expect(sent.filter((one) => one.startsWith('1'))).toEqual(['1:0', '1:1'])
})

it('gives back what is certain not to be in the log, once the broker has been away for long', async () => {
  const { write, watch, stuck } = rig([gone], [gone])
  await expect(write()).rejects.toMatchObject({ reason: 'broker-away', message: expect.stringContaining('ECONNREFUSED') as string })
  expect(watch.awayMs()).toBeGreaterThan(5_000)
  expect(stuck).toEqual([])
})

it('asks no more than once a second while it is known to be away', async () => {
  const { write, sent } = rig([gone])
  await expect(write()).rejects.toThrow(LogUnavailable)
  const before = sent.length
  for (let i = 0; i < 100; i++) await expect(write()).rejects.toThrow(LogUnavailable)
  expect(sent.length).toBe(before)
})

it('never gives back a batch that may be in the log: it tries until there is an answer, and what waits behind it is told', async () => {
  const { write, stuck, watch } = rig([unanswered, ...Array.from({ length: 20 }, () => gone), ok])
  await write()
  expect(stuck.length).toBeGreaterThan(0)
  expect(watch.awayMs()).toBe(0)
})

it('never gives back a commit of which one partition is written', async () => {
  const { write, sent } = rig([ok], [...Array.from({ length: 20 }, () => gone), ok])
  await write()
  // And that one is not written again.
  expect(sent.filter((one) => one.startsWith('0'))).toHaveLength(1)
})

it('a refusal is told at once, and why', async () => {
  const { write, sent } = rig([forbidden])
  await expect(write()).rejects.toMatchObject({ reason: 'io', message: 'Kafka refuses records of findings.v1: Not authorized' })
  expect(sent).toHaveLength(1)
})

it('closing ends the waiting, and says that it is not known', async () => {
  const { write } = rig([unanswered])
  await expect(write()).rejects.toThrow(/has not said whether it has the last records/)
})
