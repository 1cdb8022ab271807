import { describe, expect, it } from 'vitest'
import { type EventLog, type LogConsumer, LogUnavailable } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createPatientLog } from './patient-log.ts'

const refused = (): LogUnavailable => new LogUnavailable('io', 'Kafka refuses: Topic authorization failed')

const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; !condition(); i++) {
    if (i > 500) throw new Error('it did not come about')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** A log whose consumers begin, fail and end as the test says. */
const start = (startsWithout: readonly LogTopicName[] = ['commands.v1']) => {
  const begun: { readonly failed: PromiseWithResolvers<void>; closed: boolean }[] = []
  let refuse: Error | null = null
  const log: Pick<EventLog, 'consume'> = {
    async consume() {
      if (refuse !== null) throw refuse
      const one = { failed: Promise.withResolvers<void>(), closed: false }
      begun.push(one)
      return { failed: one.failed.promise, close: async () => void (one.closed = true) }
    },
  }
  const patient = createPatientLog({ log: log as EventLog, startsWithout, logger: silentLogger, againMs: 2, settleMs: 20 })
  return {
    patient,
    begun,
    refuseWith: (error: Error | null) => void (refuse = error),
    consume: (topic: LogTopicName): Promise<LogConsumer> =>
      patient.log.consume({ topics: [topic], group: 'edge', onAssigned: async () => [], onBatch: async () => {} }),
  }
}

describe('a log that is followed with patience', () => {
  it('a right that is taken away is told, and what it is for goes on when it is given back', async () => {
    const { patient, begun, refuseWith, consume } = start()
    const consumer = await consume('registry.v1')
    expect(patient.unheard().size).toBe(0)
    refuseWith(refused())
    begun[0]!.failed.reject(refused())
    await until(() => patient.unheard().size === 1)
    expect([...patient.unheard()]).toEqual([['registry.v1', 'Kafka refuses: Topic authorization failed']])
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(begun).toHaveLength(1)
    refuseWith(null)
    await until(() => begun.length === 2)
    await until(() => patient.unheard().size === 0)
    await consumer.close()
    expect(begun[1]!.closed).toBe(true)
    await consumer.failed
  })

  it('one that becomes a member each time, and is refused when it reads, is not told as heard in between', async () => {
    const { patient, begun, consume } = start()
    const consumer = await consume('commands.v1')
    for (let i = 0; i < 5; i++) {
      begun[i]!.failed.reject(refused())
      await until(() => begun.length === i + 2)
      expect(patient.unheard().size).toBe(1)
    }
    await until(() => patient.unheard().size === 0)
    await consumer.close()
  })

  it('it starts without what it can do without, and with nothing else', async () => {
    const { patient, begun, refuseWith, consume } = start()
    refuseWith(refused())
    await expect(consume('registry.v1')).rejects.toThrow('Topic authorization failed')
    const consumer = await consume('commands.v1')
    expect([...patient.unheard().keys()]).toEqual(['commands.v1'])
    refuseWith(null)
    await until(() => begun.length === 1 && patient.unheard().size === 0)
    await consumer.close()
  })

  it('a Kafka that is away at the start is no right that is missing', async () => {
    const { refuseWith, consume } = start()
    refuseWith(new LogUnavailable('broker-away', 'nobody answers'))
    await expect(consume('commands.v1')).rejects.toThrow('nobody answers')
  })

  it('a bug is not waited for', async () => {
    const { begun, consume } = start()
    const consumer = await consume('commands.v1')
    begun[0]!.failed.reject(new TypeError('a bug'))
    await expect(consumer.failed).rejects.toThrow('a bug')
  })

  it('once it is closed nothing is tried any more', async () => {
    const { begun, refuseWith, consume } = start()
    refuseWith(refused())
    const consumer = await consume('commands.v1')
    await consumer.close()
    refuseWith(null)
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(begun).toHaveLength(0)
  })
})
