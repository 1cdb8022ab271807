import { type Attack, perpetrate, victimOf } from './attack.ts'

const shiftBpm = 32
const rampMs = 6_000

/**
 * A monitor is made to show a heart that beats steadily faster than it does: every value is believable, and pulse follows heart rate. Slowly
 * enough to be no jump, for long enough to be no bout of exercise. ICS T0832, T1565.002.
 */
export const levelShift: Attack = {
  id: 'level-shift',
  expectedDetector: 'level-shift',
  fromOutside: false,
  async run(context, target) {
    const device = victimOf(context, target, 'level-shift')
    if (device === null) return
    const { scheduler, signal } = context
    const what = `${device.spec.device} shows heart and pulse rates ${shiftBpm} bpm too high`
    await perpetrate(context, target, { attack: levelShift, what, subjects: [device.spec.device] }, async () => {
      const startedMs = scheduler.now()
      device.distort((vitals, atMs) => {
        const shift = Math.round(shiftBpm * Math.min(1, Math.max(0, atMs - startedMs) / rampMs))
        const shifted = (name: 'hr' | 'pulse'): Record<string, number> => {
          const value = vitals[name]
          // "Not connected" stays so.
          return value === undefined || value <= 0 ? {} : { [name]: value + shift }
        }
        return { ...vitals, ...shifted('hr'), ...shifted('pulse') }
      })
      await scheduler.sleep(target.durationMs, signal)
      device.distort(null)
    })
  },
}
