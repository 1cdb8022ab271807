import { isMqttText } from './mqtt-text.ts'

export type FiltersParsed =
  | { readonly outcome: 'ok'; readonly packetId: number; readonly filters: readonly string[] }
  | { readonly outcome: 'malformed'; readonly reason: string }

const malformed = (reason: string): FiltersParsed => ({ outcome: 'malformed', reason })

/** Whether `#` and `+` stand only where MQTT 3.1.1 section 4.7.1 lets them. */
const wildcardsInPlace = (filter: string): boolean => {
  const levels = filter.split('/')
  return levels.every(
    (level, i) => (!level.includes('#') && !level.includes('+')) || level === '+' || (level === '#' && i === levels.length - 1),
  )
}

/** Checks the variable header and payload of a SUBSCRIBE (`withQos`) or UNSUBSCRIBE before aedes gets it whole. */
export const parseFilters = (body: Buffer, withQos: boolean, filtersMax: number): FiltersParsed => {
  if (body.length < 2) return malformed('truncated')
  const packetId = body.readUInt16BE(0)
  if (packetId === 0) return malformed('packet-id')
  const filters: string[] = []
  let at = 2
  while (at < body.length) {
    if (at + 2 > body.length) return malformed('truncated')
    const length = body.readUInt16BE(at)
    const from = at + 2
    at = from + length + (withQos ? 1 : 0)
    if (at > body.length) return malformed('truncated')
    if (filters.length === filtersMax) return malformed('too-many-filters')
    const bytes = body.subarray(from, from + length)
    if (length === 0) return malformed('empty-filter')
    if (!isMqttText(bytes)) return malformed('topic-utf8')
    if (withQos && body[at - 1]! > 2) return malformed('subscribe-qos')
    const filter = bytes.toString('utf8')
    if (!wildcardsInPlace(filter)) return malformed('filter-wildcard')
    filters.push(filter)
  }
  return filters.length === 0 ? malformed('no-filters') : { outcome: 'ok', packetId, filters }
}

/** Why a device may not subscribe to a filter; null when it may: its own command topic and nothing else. */
export const subscribeDenial = (
  filter: string,
  ownCommandTopic: string,
): 'shared-subscription' | 'wildcard' | 'subscribe-denied' | null => {
  if (filter === ownCommandTopic) return null
  if (filter.startsWith('$share/')) return 'shared-subscription'
  return filter.includes('#') || filter.includes('+') ? 'wildcard' : 'subscribe-denied'
}
