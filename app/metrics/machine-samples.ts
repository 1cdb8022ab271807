import { statfsSync } from 'node:fs'
import { endOfChain } from '../end-of-chain.ts'
import { gauge, type Sample } from './metric.ts'

const expires = gauge('certificate_expiry_timestamp_seconds', 'When the first certificate of a chain ends.')
const free = gauge('disk_free_bytes', 'Free on the disk of the data directory.')
const size = gauge('disk_size_bytes', 'Size of that disk.')

/** A certificate of this machine, PEM, by what it is for. */
export type Certificates = Readonly<Record<string, string>>

/** What the machine is short of: time of its certificates, room on its disk. */
export const machineSamples = (data: string, certificates: Certificates): (() => Sample[]) => {
  const ends = Object.entries(certificates).flatMap(([certificate, pem]) => {
    const endMs = endOfChain(pem)
    return endMs === null ? [] : [{ spec: expires, labels: { certificate }, value: endMs / 1_000 }]
  })
  return () => [...ends, ...diskSamples(data)]
}

/** A disk that can't be asked has no figures: the rest is told all the same. */
const diskSamples = (data: string): Sample[] => {
  try {
    const { bavail, blocks, bsize } = statfsSync(data)
    return [
      { spec: free, labels: {}, value: bavail * bsize },
      { spec: size, labels: {}, value: blocks * bsize },
    ]
  } catch {
    return []
  }
}
