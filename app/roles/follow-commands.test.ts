import { afterEach, describe, expect, it } from 'vitest'
import type { Delivery } from '../../broker/commands.ts'
import type { Command, CommandRecord } from '../../contracts/command.ts'
import { type ConsumeOptions, type EventLog, LogUnavailable } from '../../contracts/event-log.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { followCommands } from './follow-commands.ts'

const topic = 'commands.v1'
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; !condition(); i++) {
    if (i > 500) throw new Error('it did not come about')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const commandFor = (device: string, id: string, expiresAt = 1_000): Command => ({
  id,
  device,
  site: 'north',
  payload: '{}',
  issuedAt: 0,
  expiresAt,
})

/** @param deliver what becomes of each command that goes out */
const start = async (deliver: (command: Command) => Promise<Delivery>, settings: { readonly againMs?: number } = {}) => {
  const recorded: CommandRecord[] = []
  const sent: string[] = []
  let consume: ConsumeOptions | null = null
  let now = 0
  let away = false
  const log: Pick<EventLog, 'append' | 'consume'> = {
    async append(_topic, records) {
      if (away) throw new LogUnavailable('broker-away', 'away')
      for (const { value } of records) recorded.push(JSON.parse(Buffer.from(value).toString()) as CommandRecord)
    },
    async consume(options) {
      consume = options
      return { failed: new Promise(() => {}), close: async () => {} }
    },
  }
  const following = await followCommands({
    log: log as EventLog,
    edge: {
      deliver(command) {
        sent.push(command.id)
        return deliver(command)
      },
    },
    clock: { now: () => now },
    logger: silentLogger,
    group: 'test',
    ...settings,
  })
  closing.push(() => following.close())
  let offset = 0
  return {
    following,
    recorded,
    sent,
    goTo: (ms: number) => void (now = ms),
    cut: (is: boolean) => void (away = is),
    /** @param behind how many records of the log come after these */
    async comes(records: readonly CommandRecord[], behind = 0) {
      offset += records.length
      const endOffset = offset + behind
      const read = records.map((record, i) => ({
        offset: offset - records.length + i,
        key: null,
        value: Buffer.from(JSON.stringify(record)),
        at: 0,
      }))
      await consume!.onBatch({ topic, partition: 0, records: read as never, nextOffset: offset, endOffset, lagRecords: behind })
    },
  }
}

const issued = (command: Command): CommandRecord => ({ type: 'issued', command })
const delivered = (device: string, id: string): CommandRecord => ({ type: 'delivered', id, device, at: 0 })

describe('commands that go to devices', () => {
  it('one goes out when all that is known was read, and is recorded as delivered', async () => {
    const { comes, sent, recorded, following } = await start(async () => 'delivered')
    await comes([issued(commandFor('pump-1', 'a'))], 1)
    expect(sent).toEqual([])
    await comes([delivered('pump-2', 'z')])
    await until(() => recorded.length === 1)
    expect(recorded).toMatchObject([{ type: 'delivered', id: 'a', device: 'pump-1' }])
    expect(following.stats()).toMatchObject({ delivered: 1, waiting: 0 })
  })

  it('one that another edge has delivered does not go out', async () => {
    const { comes, sent, following } = await start(async () => 'delivered')
    await comes([issued(commandFor('pump-1', 'a'))], 1)
    await comes([delivered('pump-1', 'a')])
    following.deviceReady('pump-1')
    expect(sent).toEqual([])
    expect(following.stats()).toMatchObject({ waiting: 0 })
  })

  it('what stands behind it and never comes does not hold one up', async () => {
    const { comes, sent, recorded, following } = await start(async () => 'delivered', { againMs: 3 })
    await comes([issued(commandFor('pump-1', 'a'))], 1)
    following.deviceReady('pump-1')
    expect(sent).toEqual([])
    await until(() => recorded.length === 1)
  })

  it('a device that came again while its command was on the way to its old connection gets it on the new one', async () => {
    const ends = [Promise.withResolvers<Delivery>(), Promise.withResolvers<Delivery>()]
    let tries = 0
    const { comes, sent, recorded, following } = await start(() => ends[tries++]!.promise)
    await comes([issued(commandFor('pump-1', 'a'))])
    following.deviceReady('pump-1')
    ends[0]!.resolve('disconnected')
    await until(() => sent.length === 2)
    ends[1]!.resolve('delivered')
    await until(() => recorded.length === 1)
  })

  it('one that was not acknowledged in time is tried again without a new connection, until it expires', async () => {
    const { comes, sent, following, goTo } = await start(async () => 'timeout', { againMs: 3 })
    await comes([issued(commandFor('pump-1', 'a'))])
    await until(() => sent.length >= 3)
    goTo(1_000)
    await until(() => following.stats().waiting === 0)
    const { length } = sent
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(sent).toHaveLength(length)
  })

  it('for a device that is not here nothing is tried until it comes', async () => {
    let here: Delivery = 'offline'
    const { comes, sent, recorded, following } = await start(async () => here, { againMs: 1 })
    await comes([issued(commandFor('pump-1', 'a'))])
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(sent).toEqual(['a'])
    here = 'delivered'
    following.deviceReady('pump-1')
    await until(() => recorded.length === 1)
  })

  it('a delivery that could not be recorded is recorded later, and holds up no other command', async () => {
    const { comes, sent, recorded, cut } = await start(async () => 'delivered', { againMs: 3 })
    cut(true)
    await comes([issued(commandFor('pump-1', 'a')), issued(commandFor('pump-1', 'b'))])
    await until(() => sent.length === 2)
    expect(recorded).toEqual([])
    cut(false)
    await until(() => recorded.length === 2)
    expect(recorded.map((record) => record.type === 'delivered' && record.id)).toEqual(['a', 'b'])
    expect(sent).toEqual(['a', 'b'])
  })

  it('one that is written twice is one', async () => {
    const { comes, sent, recorded, following } = await start(async () => 'delivered')
    await comes([issued(commandFor('pump-1', 'a')), issued(commandFor('pump-1', 'a'))])
    await until(() => recorded.length === 1)
    expect(sent).toEqual(['a'])
    expect(following.stats().waiting).toBe(0)
  })
})
