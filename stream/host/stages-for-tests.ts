import { z } from 'zod'
import { type AnyDerivation, type AnyDetector, defineDerivation, defineDetector } from '../../contracts/detector.ts'

/** Small stages that each lean on one promise of the host; used by the tests of this folder only. */

const common = { version: 1, keyedBy: 'device', severity: 'low', attack: [], controls: [], parameters: z.object({}) } as const

/** Says something at every third reading, and what it has seen in all: any lost or doubled record shows. */
const counts = defineDetector({
  ...common,
  id: 'counts',
  title: 'Counts',
  accepts: ['reading', 'session'],
  state: z.object({ n: z.number(), bytes: z.number() }),
  stateBytesMax: 100,
  initial: () => ({ n: 0, bytes: 0 }),
  observe(state, observation, _, { emit, key }) {
    state.n++
    if (observation.kind === 'reading') state.bytes += observation.bytes
    if (state.n % 3 === 0) emit({ score: state.n, why: `${key}: ${state.n} records, ${state.bytes} bytes`, evidence: [] })
    if (state.n % 6 === 0) emit({ score: 0.5, why: `${key}: again`, evidence: [] })
  },
})

/** Puts its timer off at every reading, as silence does, and tells of the outage. */
const silent = defineDetector({
  ...common,
  id: 'silent',
  title: 'Silent',
  accepts: ['reading'],
  state: z.object({ heard: z.number(), told: z.number() }),
  stateBytesMax: 100,
  initial: () => ({ heard: 0, told: 0 }),
  observe(state, { receivedAt }, _, { wakeAt }) {
    state.heard = receivedAt
    wakeAt(receivedAt + 4_000)
  },
  onTimer(state, _, { emit, key, nowMs, outageEndedAtMs, wakeAt }) {
    state.told++
    emit({ score: 1, why: `${key}: silent for ${nowMs - state.heard} ms at ${nowMs}, outage ${outageEndedAtMs}`, evidence: [] })
    if (state.told < 3) wakeAt(nowMs + 2_000)
  },
})

/** Wakes itself for the past, and earlier than it had said: neither may loop or be lost. */
const hasty = defineDetector({
  ...common,
  id: 'hasty',
  title: 'Hasty',
  accepts: ['reading'],
  state: z.object({ woken: z.number() }),
  stateBytesMax: 100,
  initial: () => ({ woken: 0 }),
  observe(_, { receivedAt, seq }, __, { wakeAt }) {
    wakeAt(receivedAt + 60_000)
    if (seq !== null && seq % 3 === 0) wakeAt(receivedAt - seq)
  },
  onTimer(state, _, { emit, nowMs, wakeAt }) {
    state.woken++
    if (state.woken % 2 === 0) emit({ score: 1, why: `woken ${state.woken} times, now at ${nowMs}`, evidence: [] })
    if (state.woken % 4 !== 0) wakeAt(nowMs - 1)
  },
})

/** Throws in the middle of a change that JSON would not keep as it is. */
const throws = defineDetector({
  ...common,
  id: 'throws',
  title: 'Throws',
  accepts: ['reading'],
  state: z.object({ n: z.number(), ratio: z.number().nullable(), half: z.array(z.number()) }),
  stateBytesMax: 200,
  initial: () => ({ n: 0, ratio: 0 as number | null, half: [] as number[] }),
  observe(state, { bytes, seq }, _, { emit, wakeAt }) {
    state.n++
    if (state.n % 5 === 0) emit({ score: 0, why: `${state.n} ${state.ratio} ${state.half.join()}`, evidence: [] })
    if (bytes % 3 === 0) {
      state.ratio = 0 / 0
      state.half.push(bytes)
      wakeAt(1)
      throw new Error('half way')
    }
    if (seq === 13) {
      state.half = 'broken' as unknown as number[]
      throw new Error('and not even what its schema says')
    }
    if (state.half.length > 6) state.half = []
  },
  onTimer(state) {
    state.half.push(state.n)
    if (state.n % 2 === 0) throw new Error('and again')
  },
})

/** Grows until the host resets it: when, must not depend on the checkpoints. */
const grows = defineDetector({
  ...common,
  id: 'grows',
  title: 'Grows',
  accepts: ['reading'],
  state: z.object({ all: z.array(z.number()) }),
  stateBytesMax: 60,
  initial: () => ({ all: [] as number[] }),
  observe(state, { bytes }, _, { emit }) {
    state.all.push(bytes)
    if (state.all.length % 4 === 0) emit({ score: 1, why: state.all.join(), evidence: [] })
  },
})

export const detectorsForTests: readonly AnyDetector[] = [counts, silent, hasty, throws, grows]
export const countsForTests: AnyDetector = counts
export const throwsForTests: AnyDetector = throws

/** Every second reading of a device says that it is present. */
export const presenceForTests: AnyDerivation = defineDerivation({
  id: 'derives',
  version: 1,
  title: 'Derives',
  keyedBy: 'device',
  accepts: ['reading'],
  parameters: z.object({}),
  state: z.object({ n: z.number() }),
  stateBytesMax: 50,
  initial: () => ({ n: 0 }),
  observe(state, { device, site, receivedAt }, _, { derive }) {
    if (++state.n % 2 !== 0) return
    derive(`site:${site}`, { kind: 'presence', device, site, receivedAt, state: 'present', since: receivedAt, expectedIntervalMs: 1_000 })
  },
})

/** Counts a site's devices by their presence; idempotent, as a cohort detector has to be. */
export const cohortForTests: AnyDetector = defineDetector({
  ...common,
  id: 'cohort',
  title: 'Cohort',
  keyedBy: 'cohort',
  accepts: ['presence'],
  state: z.object({ devices: z.array(z.string()) }),
  stateBytesMax: 1_000,
  initial: () => ({ devices: [] as string[] }),
  observe(state, { device }, _, { emit }) {
    if (state.devices.includes(device)) return
    state.devices.push(device)
    emit({ score: 1, why: `${state.devices.length} devices, ${device} is new`, evidence: [] })
  },
})
