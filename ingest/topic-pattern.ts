import { isIdentifier } from '../contracts/identifiers.ts'
import { type UplinkLeaf, isUplinkLeaf } from '../contracts/mqtt-topics.ts'

export interface TopicMatch {
  readonly site: string
  readonly device: string
  readonly leaf: UplinkLeaf
}

/**
 * Reads another broker's topics by a pattern of named levels: `v1/+site/+device/telemetry`, `hospital/+/+site/devices/+device/+leaf`. A plain `+` is any
 * level, everything else stands for itself. Without `+leaf` the last level is the leaf if it is one of Wardwatch's, and telemetry otherwise.
 * Answers null for a topic that does not fit, or whose site or device is no identifier.
 * @throws RangeError when the pattern does not name a site and a device once each
 */
export const parseTopicPattern = (pattern: string): ((topic: string) => TopicMatch | null) => {
  const levels = pattern.split('/')
  const named = (name: string): number => levels.indexOf(name)
  for (const name of ['+site', '+device']) {
    if (named(name) === -1 || levels.lastIndexOf(name) !== named(name))
      throw new RangeError(`a topic pattern names ${name} once: ${pattern}`)
  }
  const strange = levels.find((level) => level.startsWith('+') && !['+', '+site', '+device', '+leaf'].includes(level))
  if (strange !== undefined) throw new RangeError(`a topic pattern knows +site, +device, +leaf and +, not ${strange}`)
  const [siteAt, deviceAt, leafAt] = [named('+site'), named('+device'), named('+leaf')]
  const last = levels.at(-1)!
  const fixedLeaf: UplinkLeaf = isUplinkLeaf(last) ? last : 'telemetry'
  return (topic) => {
    const given = topic.split('/')
    if (given.length !== levels.length) return null
    for (let i = 0; i < levels.length; i++) if (!levels[i]!.startsWith('+') && levels[i] !== given[i]) return null
    const [site, device, leaf] = [given[siteAt]!, given[deviceAt]!, leafAt === -1 ? fixedLeaf : given[leafAt]!]
    return isIdentifier(site) && isIdentifier(device) && isUplinkLeaf(leaf) ? { site, device, leaf } : null
  }
}
