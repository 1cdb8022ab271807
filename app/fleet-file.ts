import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { Credentials } from '../simulators/mqtt-connection.ts'

const credentials = z.strictObject({
  caPem: z.string(),
  certificatePem: z.string().optional(),
  privateKeyPem: z.string().optional(),
  userName: z.string().optional(),
  password: z.string().optional(),
})
const fleetFile = z.strictObject({
  /** The same seed and number plan the same fleet and the same campaign. */
  seed: z.int(),
  devices: z.int(),
  attacks: z.boolean(),
  credentials: z.record(z.string(), credentials),
})

/** What a simulated fleet needs where the platform's data directory is not: who it is, and its keys. */
export interface FleetFile {
  readonly seed: number
  readonly devices: number
  readonly attacks: boolean
  readonly credentials: ReadonlyMap<string, Credentials>
}

export const writeFleetFile = (path: string, { credentials: of, ...plan }: FleetFile): void =>
  writeFileSync(path, JSON.stringify({ ...plan, credentials: Object.fromEntries(of) }), { mode: 0o600 })

/** A sentence when it can't be read. */
export const readFleetFile = (path: string): FleetFile | string => {
  try {
    const { credentials: of, ...plan } = fleetFile.parse(JSON.parse(readFileSync(path, 'utf8')))
    return { ...plan, credentials: new Map(Object.entries(of) as [string, Credentials][]) }
  } catch (error) {
    return `${path}: ${error instanceof z.ZodError ? 'it holds no simulated fleet' : error instanceof Error ? error.message : String(error)}`
  }
}
