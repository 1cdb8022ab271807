import { z } from 'zod'
import { asset, signal } from './alerts.ts'

export const deviceListQuery = z.object({
  q: z.string().max(200).exactOptional(),
  status: z.enum(['enrolled', 'revoked']).exactOptional(),
  cursor: z.string().max(512).exactOptional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
export const deviceList = z.object({ items: z.array(asset), total: z.number().int(), next: z.string().nullable() })

export const deviceDetail = z.object({
  asset,
  /** The newest value of each vital. */
  latest: z.array(
    z.object({ vital: z.string(), title: z.string(), unit: z.string(), value: z.number(), at: z.number(), loinc: z.string().nullable() }),
  ),
  certificates: z.array(z.object({ fingerprint: z.string() })),
  signsIn: z.enum(['certificate', 'password']),
  revokedReason: z.string().nullable(),
  batteryPercent: z.number().nullable(),
  /** In the last hour. */
  readingsLastHour: z.number().nullable(),
})
export type DeviceDetail = z.infer<typeof deviceDetail>

/** `vitals`: names separated by commas; without it, all that the device sent. At most 7 days. */
export const deviceVitalsQuery = z.object({
  from: z.coerce.number(),
  to: z.coerce.number(),
  vitals: z.string().max(400).exactOptional(),
})
export const deviceVitals = z.object({ signals: z.array(signal), behindMs: z.number().nullable() })

export const connectionsQuery = z.object({
  cursor: z.string().max(512).exactOptional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
export const connection = z.object({
  at: z.number(),
  event: z.string(),
  address: z.string(),
  reason: z.string().nullable(),
  clientId: z.string().nullable(),
  fingerprint: z.string().nullable(),
  tlsVersion: z.string().nullable(),
  cipher: z.string().nullable(),
  topic: z.string().nullable(),
  amount: z.number().nullable(),
})
export const connections = z.object({ items: z.array(connection), next: z.string().nullable() })
export type Connection = z.infer<typeof connection>
