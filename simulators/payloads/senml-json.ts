import { vitalNamed } from '../../contracts/vitals.ts'
import type { ReadingMessage } from './wardwatch-json.ts'

/** SenML units (RFC 8428, section 12.1) where they are not the UCUM code. */
const senmlUnits: Readonly<Record<string, string>> = { hr: 'beat/min', pulse: 'beat/min' }

/**
 * SenML JSON (RFC 8428): one pack a reading, base name `urn:dev:ops:<device>:`, base time in seconds; firmware and battery as records.
 * SenML has no message counter, so `seq` and `boot` are not sent.
 */
export const senmlJson = (device: string, { ts, firmware, batteryPercent, vitals }: ReadingMessage): Buffer => {
  const records: Record<string, unknown>[] = []
  if (firmware !== undefined) records.push({ n: 'fw', vs: firmware })
  if (batteryPercent !== undefined && batteryPercent !== null) records.push({ n: 'bat', u: '%EL', v: batteryPercent })
  for (const [name, v] of Object.entries(vitals)) {
    const u = senmlUnits[name] ?? vitalNamed(name)?.ucum
    records.push(u === undefined ? { n: name, v } : { n: name, u, v })
  }
  const base = { bn: `urn:dev:ops:${device}:`, bt: ts / 1_000 }
  const [first, ...rest] = records
  return Buffer.from(JSON.stringify([{ ...base, ...first }, ...rest]))
}
