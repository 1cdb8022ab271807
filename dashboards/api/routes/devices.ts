import type { DeviceRecord } from '../../../contracts/registry.ts'
import type { Handlers } from '../handler.ts'
import type { ApiParts } from '../parts.ts'
import { historyAway, notFound, refuse } from '../refusal.ts'
import type { Assets } from '../views.ts'

type Ids = 'listDevices' | 'device' | 'deviceVitals' | 'deviceConnections'

const vitalsSpanMsMax = 7 * 86_400_000

/** A record is replaced when it changes: what is searched of it is put together once. */
const haystacks = new WeakMap<DeviceRecord, string>()
const haystackOf = (record: DeviceRecord): string => {
  const known = haystacks.get(record)
  if (known !== undefined) return known
  const { device, site, ward, model } = record
  const made = `${device} ${site} ${ward} ${model}`.toLowerCase()
  haystacks.set(record, made)
  return made
}

/** Whether all words stand in what is known of a device. */
export const deviceMatches = (text: string): ((record: DeviceRecord) => boolean) => {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return (record) => {
    if (words.length === 0) return true
    const known = haystackOf(record)
    return words.every((word) => known.includes(word))
  }
}

export const deviceRoutes = (
  { directory, history, logger }: Pick<ApiParts, 'directory' | 'history' | 'logger'>,
  assets: Assets,
): Handlers<Ids> => {
  const away = (error: unknown): null => {
    logger.warn({ err: error }, 'history can not be read')
    return null
  }
  return {
    listDevices({ query }) {
      const matches = deviceMatches(query.q ?? '')
      const found = assets.sorted().filter((record) => (query.status === undefined || record.status === query.status) && matches(record))
      const after = query.cursor === undefined ? null : Buffer.from(query.cursor, 'base64url').toString('utf8')
      const rest = after === null ? found : found.filter(({ device }) => device > after)
      const page = rest.slice(0, query.limit)
      return {
        answer: {
          items: page.map(assets.of),
          total: found.length,
          next: rest.length > page.length ? Buffer.from(page.at(-1)!.device).toString('base64url') : null,
        },
      }
    },
    async device({ at }) {
      const record = directory.device(at.device)
      const asset = assets.named(at.device, null)
      if (asset === null || (record === undefined && asset.lastHeardAt === null && asset.openAlerts === 0)) return notFound('device')
      const facts = await history.deviceFacts(at.device).catch(away)
      return {
        answer: {
          asset: { ...asset, firmware: facts?.firmware ?? asset.firmware },
          latest: facts?.latest ?? [],
          batteryPercent: facts?.batteryPercent ?? null,
          readingsLastHour: facts?.readingsLastHour ?? null,
          certificates: (record?.fingerprints ?? []).map((fingerprint) => ({ fingerprint })),
          signsIn: record?.passwordHash == null ? 'certificate' : 'password',
          revokedReason: record?.revokedReason ?? null,
        },
      }
    },
    async deviceVitals({ at, query: { from, to, vitals } }) {
      if (!(from < to) || to - from > vitalsSpanMsMax) return refuse(400, 'invalid', 'from must be before to, by at most 7 days')
      const signals = await history.deviceVitals(at.device, from, to, vitals?.split(',') ?? null).catch(away)
      return signals === null ? historyAway() : { answer: { signals: [...signals], behindMs: history.behindMs() } }
    },
    async deviceConnections({ at, query }) {
      const page = await history.connections(at.device, query.cursor ?? null, query.limit).catch(away)
      return page === null ? historyAway() : { answer: { items: [...page.items], next: page.next } }
    },
  }
}
