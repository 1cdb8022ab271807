import { createWriteStream } from 'node:fs'

export interface AcknowledgedFile {
  /** A telemetry message of a device that the platform has acknowledged. */
  record(device: string, payload: Buffer): void
  /** When all of it is on its way to the disk. */
  close(): Promise<void>
}

/** The time that a reading carries, ms; null for what is none (an attacker's bytes). Wardwatch JSON says `ts`, SenML `bt` of its first record. */
export const deviceTimeOf = (payload: Buffer): number | null => {
  let parsed: unknown
  try {
    parsed = JSON.parse(payload.toString('utf8'))
  } catch {
    return null
  }
  const { ts, bt } = ((Array.isArray(parsed) ? parsed[0] : parsed) ?? {}) as { readonly ts?: unknown; readonly bt?: unknown }
  if (typeof ts === 'number') return ts
  return typeof bt === 'number' ? Math.round(bt * 1_000) : null
}

/** Writes down what a simulated fleet was promised: a line of JSON a reading, `[device, its time in ms]`, to be compared with what has landed. */
export const openAcknowledgedFile = (path: string): AcknowledgedFile => {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
  let failed: Error | null = null
  stream.on('error', (error) => (failed = error))
  return {
    record(device, payload) {
      const time = deviceTimeOf(payload)
      if (time !== null) stream.write(`${JSON.stringify([device, time])}\n`)
    },
    close: () =>
      new Promise((resolve, reject) => {
        if (failed !== null) return reject(failed)
        stream.once('error', reject)
        stream.once('finish', resolve)
        stream.end()
      }),
  }
}
