import type { RecordedDevice } from './recording-fleet.ts'

export interface ReadingsCompared {
  /** Acknowledged readings that ClickHouse does not hold; those it holds more than once; those that nobody sent. */
  readonly missing: readonly string[]
  readonly doubled: readonly string[]
  readonly strange: readonly string[]
}

/** @param landed the sequence numbers of each device's rows, one for each row */
export const compareReadings = (
  devices: readonly Pick<RecordedDevice, 'device' | 'acknowledged' | 'sent'>[],
  landed: ReadonlyMap<string, readonly number[]>,
): ReadingsCompared => {
  const [missing, doubled, strange]: [string[], string[], string[]] = [[], [], []]
  for (const { device, acknowledged, sent } of devices) {
    const copies = new Map<number, number>()
    for (const seq of landed.get(device) ?? []) copies.set(seq, (copies.get(seq) ?? 0) + 1)
    for (const seq of acknowledged) if (!copies.has(seq)) missing.push(`${device}/${seq}`)
    for (const [seq, count] of copies) {
      if (count > 1) doubled.push(`${device}/${seq}`)
      if (seq < 1 || seq > sent()) strange.push(`${device}/${seq}`)
    }
  }
  const known = new Set(devices.map(({ device }) => device))
  for (const device of landed.keys()) if (!known.has(device)) strange.push(device)
  return { missing, doubled, strange }
}

/** Rows that are not expected, that are there again, or that are not there: each of `expected` has to be there once. */
export const compareOnce = (expected: readonly string[], there: readonly string[]): readonly string[] => {
  const wanted = new Set(expected)
  const seen = new Set<string>()
  const wrong: string[] = []
  for (const row of there) {
    if (!wanted.has(row)) wrong.push(`not expected: ${row}`)
    else if (seen.has(row)) wrong.push(`again: ${row}`)
    seen.add(row)
  }
  return [...wrong, ...expected.filter((row) => !seen.has(row)).map((row) => `missing: ${row}`)]
}
