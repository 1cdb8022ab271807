import type { BlobDemand } from './demand.ts'

const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 })
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0, maximumSignificantDigits: 3 })

/** Two digits of what is estimated anyway; three from a hundred on. */
export const count = (value: number): string => (Math.abs(value) < 100 ? digits.format(value) : whole.format(value))

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const

export const size = (bytes: number): string => {
  let [value, unit] = [bytes, 0]
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000
    unit++
  }
  return `${count(value)} ${units[unit]}`
}

export const duration = (seconds: number): string => {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${count(seconds / 60)} min` : `${count(seconds / 3_600)} h`
}

export const blobsPhrase = ({ blobsPerSecond, messagesPerBlob, bytesPerMessage }: BlobDemand): string =>
  `${count(blobsPerSecond)} blobs/s on Kafka with ${count(messagesPerBlob)} messages each, ${count(bytesPerMessage)} bytes a message`

/** Columns as wide as they have to be. */
export const rows = (cells: readonly (readonly string[])[]): string[] => {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}
