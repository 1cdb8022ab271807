import { z } from 'zod'
import type { Severity } from '../../contracts/finding.ts'

const minutes = z.number().positive().max(525_600).nullable()
const clocksOf = (acknowledgeMinutes: number | null, containMinutes: number | null) =>
  z.strictObject({ acknowledgeMinutes: minutes.default(acknowledgeMinutes), containMinutes: minutes.default(containMinutes) }).prefault({})

/** How long there is to acknowledge and to contain an alert, by its severity, minutes; null: no such clock. */
export const clockSettings = z
  .strictObject({
    critical: clocksOf(15, 60),
    high: clocksOf(60, 240),
    medium: clocksOf(480, 2_880),
    low: clocksOf(2_880, null),
  })
  .prefault({})

export type ClockSettings = Readonly<
  Record<Severity, { readonly acknowledgeMinutes: number | null; readonly containMinutes: number | null }>
>
