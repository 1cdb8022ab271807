/**
 * The MQTT topics of a device: `v1/<site>/<device>/<leaf>`.
 * A device publishes under `telemetry`, `event` and `status` (its last will) and subscribes to `command` only.
 */
export const uplinkLeaves = ['telemetry', 'event', 'status'] as const
export type UplinkLeaf = (typeof uplinkLeaves)[number]

export const topicBytesMax = 256

/** `v1/<site>/<device>/`: the byte prefix that is the publish ACL of a device. */
export const devicePrefix = (site: string, device: string): string => `v1/${site}/${device}/`

export const uplinkTopic = (site: string, device: string, leaf: UplinkLeaf): string => devicePrefix(site, device) + leaf

/** The only topic a device may subscribe to. */
export const commandTopic = (site: string, device: string): string => `${devicePrefix(site, device)}command`

export const isUplinkLeaf = (leaf: string): leaf is UplinkLeaf => (uplinkLeaves as readonly string[]).includes(leaf)
