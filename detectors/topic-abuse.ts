import { z } from 'zod'
import { defineDetector } from '../contracts/detector.ts'
import type { Session } from '../contracts/observation.ts'
import { sureness, span } from './math/decimal.ts'
import { addToSlidingCount, slidingCount, slidingCountState } from './math/sliding-count.ts'

type Kind = 'wildcard' | 'foreign' | 'plain'

/** What was asked for: everything at once, another device's topic, or just a topic that is not its own. */
const kindOf = (session: Session, device: string): Kind => {
  const topic = session.topic ?? ''
  if (session.reason === 'wildcard' || topic.includes('#') || topic.includes('+') || topic.startsWith('$')) return 'wildcard'
  const levels = topic.split('/', 4)
  return levels.length >= 4 && levels[0] === 'v1' && levels[2] !== device ? 'foreign' : 'plain'
}

const described: Record<Kind, string> = {
  wildcard: 'a wildcard or system topic',
  foreign: 'a topic of another device',
  plain: 'a topic outside its own',
}

/**
 * Publishes and subscriptions that the access list denied, weighed: a wildcard or another device's topic is no slip of a configuration.
 * MITRE ATT&CK T1071.005 (publish/subscribe protocols), ICS T0802 (automated collection), T0855 (unauthorized command message).
 */
export default defineDetector({
  id: 'topic-abuse',
  version: 1,
  title: 'Topic abuse',
  keyedBy: 'device',
  severity: 'medium',
  attack: ['T1071.005', 'T0802', 'T0855'],
  controls: ['A.8.3', 'A.5.15', 'A.8.16'],
  accepts: ['session'],
  parameters: z.object({
    /** Weight in the window from which it is abuse; a plain denial weighs 1. */
    weightMin: z.int().min(2).default(6),
    /** Weight of a wildcard, `$share` or `$SYS`. */
    wildcardWeight: z.int().min(1).default(3),
    /** Weight of a topic under another device's prefix. */
    foreignWeight: z.int().min(1).default(2),
    windowMs: z.int().min(1_000).default(60_000),
    cooldownMs: z.int().min(0).default(60_000),
  }),
  state: z.object({ weight: slidingCountState.nullable(), denials: slidingCountState.nullable(), firedAt: z.number() }),
  stateBytesMax: 512,
  initial: () => ({
    weight: null as null | ReturnType<typeof slidingCount>,
    denials: null as null | ReturnType<typeof slidingCount>,
    firedAt: 0,
  }),
  observe(state, session, { weightMin, wildcardWeight, foreignWeight, windowMs, cooldownMs }, context) {
    if (session.event !== 'aclDenied') return
    const at = session.receivedAt
    const kind = kindOf(session, context.key)
    // Under a flood of denials the broker tells many as one, with their number.
    const times = Math.max(1, Math.floor(session.amount ?? 1))
    const weighs = kind === 'wildcard' ? wildcardWeight : kind === 'foreign' ? foreignWeight : 1
    state.weight ??= slidingCount()
    state.denials ??= slidingCount()
    const weight = addToSlidingCount(state.weight, at, windowMs, weighs * times)
    const denials = addToSlidingCount(state.denials, at, windowMs, times)
    if (weight < weightMin || (state.firedAt > 0 && at - state.firedAt < cooldownMs)) return
    state.firedAt = at
    const topic = session.topic ?? ''
    context.emit({
      score: sureness(weight, weightMin),
      why: `${context.key} was denied ${denials} topics within ${span(windowMs)}, weighing ${weight} where under ${weightMin} is a slip; the last was ${described[kind]}, "${topic.slice(0, 80)}".`,
      evidence: [
        { feature: 'weight of denials', observed: weight, expected: weightMin, unit: `1/${span(windowMs)}` },
        { feature: 'denials', observed: denials, expected: 0, unit: `1/${span(windowMs)}` },
        { feature: 'last topic', observed: topic, expected: `v1/*/${context.key}/`, unit: session.reason ?? 'topic' },
      ],
      ...(kind === 'plain' ? {} : { severity: 'high' as const }),
      site: session.site,
    })
  },
})
