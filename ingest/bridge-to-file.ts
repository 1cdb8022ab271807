import { existsSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { decodeMessageHeader, messageParts } from '../contracts/envelope.ts'
import type { EventLog } from '../contracts/event-log.ts'
import { silentLogger } from '../contracts/logger.ts'
import { type Bridge, type BridgeSettings, startBridge } from './mqtt-bridge.ts'

/** For the bridge's tests: the one thing a bridge needs of a log, and what became of it. */
export const appendOnly = (append: EventLog['append']): EventLog => {
  const none = (): never => {
    throw new Error('a bridge only appends')
  }
  return { append, consume: none, ranges: none, read: none, stats: () => ({}), close: () => Promise.resolve() }
}

/** A log that is a file: a line of `device payload` a record, on disk before it answers. */
export const fileLog = (path: string): EventLog =>
  appendOnly(async (_, records) => {
    const file = await open(path, 'a')
    const lines = records.map(({ value }) => {
      const { header, payload } = messageParts(value)!
      return `${decodeMessageHeader(header)!.device} ${Buffer.from(payload).toString()}\n`
    })
    await file.appendFile(lines.join(''))
    await file.sync()
    await file.close()
  })

export const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [])

export const bridgeWith = (over: Partial<BridgeSettings> & Pick<BridgeSettings, 'url' | 'log'>): Promise<Bridge> =>
  startBridge({
    name: 'test',
    subscription: '$share/wardwatch/v1/#',
    topicPattern: 'v1/+site/+device/telemetry',
    model: 'unknown',
    username: null,
    password: null,
    tls: { caPem: null, certificatePem: null, privateKeyPem: null },
    clock: { now: () => Date.now() },
    logger: silentLogger,
    newId: () => 'one',
    reconnectMs: 50,
    ...over,
  })
