import { type KeyEntry, createKeyEntry } from './key-entry.ts'
import type { StageSlot } from './stage-slots.ts'

/** The form of a key's value in a checkpoint; another form is not read. */
const formatVersion = 1

/** What could not be kept or restored, and why: the stage starts from its initial state. */
export type CodecFault = (slot: StageSlot, reason: 'state-not-json' | 'state-bytes' | 'state-unreadable', error: unknown) => void

/**
 * A key's states, timers (when, and how often it has fired) and applied offset as UTF-8 JSON.
 * @param applied the last offset that the states contain, -1 for none.
 */
export const encodeKeyEntry = (entry: KeyEntry, slots: readonly StageSlot[], applied: number, onFault: CodecFault): Uint8Array => {
  const { seen, steps, site, proven } = entry
  let states = ''
  let timers = ''
  for (const slot of slots) {
    const state = entry.states[slot.index]
    if (state === undefined) continue
    let text: string
    try {
      text = JSON.stringify(state)
    } catch (error) {
      onFault(slot, 'state-not-json', error)
      continue
    }
    // Characters are never more than bytes: cheap, and exact enough to report. What is over its bound is reset at the step check.
    if (text.length > slot.stage.stateBytesMax) onFault(slot, 'state-bytes', new RangeError(stateTooLarge(slot, text.length)))
    states += `${states === '' ? '' : ','}${JSON.stringify(slot.tag)}:${text}`
    if (slot.timerIndex < 0) continue
    const at = entry.timers[slot.timerIndex]!
    const timer = JSON.stringify([at === Infinity ? null : at, entry.fires[slot.timerIndex]])
    timers += `${timers === '' ? '' : ','}${JSON.stringify(slot.tag)}:${timer}`
  }
  const head = JSON.stringify({ v: formatVersion, applied, seen, steps, site, proven }).slice(0, -1)
  return Buffer.from(`${head},"timers":{${timers}},"states":{${states}}}`)
}

export const stateTooLarge = ({ id, stage }: StageSlot, bytes: number): string =>
  `${id}: a state of ${bytes} bytes is over its bound of ${stage.stateBytesMax}`

/**
 * A key's entry out of a checkpoint. A stage of another version, or whose state does not fit its schema, starts from its initial
 * state. Null when the value is not an entry at all.
 */
export const decodeKeyEntry = (
  key: string,
  value: Uint8Array,
  slots: readonly StageSlot[],
  timerCount: number,
  onFault: CodecFault,
): KeyEntry | null => {
  const stored = parseEntry(value)
  if (stored === null) return null
  const entry = createKeyEntry(key, slots.length, timerCount)
  entry.applied = stored.applied
  entry.seen = stored.seen
  entry.steps = stored.steps
  entry.site = stored.site
  entry.proven = stored.proven
  for (const slot of slots) {
    if (!Object.hasOwn(stored.states, slot.tag)) continue
    const state = stored.states[slot.tag]
    const parsed = slot.stage.state.safeParse(state)
    if (!parsed.success) {
      onFault(slot, 'state-unreadable', parsed.error)
      continue
    }
    // The JSON itself, not what the schema made of it: that is what the live state would have been.
    entry.states[slot.index] = state
    const timer = stored.timers[slot.tag]
    if (slot.timerIndex < 0 || !Array.isArray(timer)) continue
    const [at, fires] = timer as unknown[]
    if (typeof at === 'number') entry.timers[slot.timerIndex] = at
    if (typeof fires === 'number') entry.fires[slot.timerIndex] = fires
  }
  return entry
}

interface StoredEntry extends Pick<KeyEntry, 'applied' | 'seen' | 'steps' | 'site' | 'proven'> {
  readonly timers: Record<string, unknown>
  readonly states: Record<string, unknown>
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const parseEntry = (value: Uint8Array): StoredEntry | null => {
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'))
  } catch {
    return null
  }
  if (!isRecord(json) || json['v'] !== formatVersion) return null
  const { applied, seen, steps, site, proven, timers, states } = json
  if (typeof applied !== 'number' || typeof seen !== 'number' || typeof steps !== 'number' || typeof proven !== 'boolean') return null
  if ((site !== null && typeof site !== 'string') || !isRecord(timers) || !isRecord(states)) return null
  return { applied, seen, steps, site, proven, timers, states }
}
