import type { RecordingMapping } from './mapping.ts'

const isoPattern = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(Z|z|[+-]\d\d:?\d\d)?$/
export const decimalPattern = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

const zoneMs = (zone: string): number => {
  if (zone === 'Z' || zone === 'z') return 0
  const sign = zone.startsWith('-') ? -1 : 1
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) * 60_000
}

/** By hand, because `Date.parse` accepts other texts on other engines. Fractions beyond a millisecond are cut. */
const isoMs = (text: string, zone: string): number | null => {
  const parts = isoPattern.exec(text)
  if (parts === null) return null
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part: string | undefined) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const date = new Date(Date.UTC(year, month - 1, day))
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 60) return null
  const fraction = Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'))
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1_000 + fraction - zoneMs(parts[8] ?? zone)
}

const unitMs = { millisecond: 1, second: 1_000, minute: 60_000, hour: 3_600_000 } as const

/** How a mapping's time column is read: whole ms since the epoch, or null for a text that is no time. */
export const timeReader = (time: RecordingMapping['time']): ((text: string) => number | null) => {
  if (time.kind === 'iso') return (text) => isoMs(text, time.zone)
  const baseMs = time.kind === 'relative' ? isoMs(time.base, 'Z')! : 0
  const scale = unitMs[time.unit]
  return (text) => (decimalPattern.test(text) ? Math.floor(baseMs + Number(text) * scale) : null)
}
