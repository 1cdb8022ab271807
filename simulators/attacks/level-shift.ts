import { type Attack, perpetrate, victimOf } from './attack.ts'

/** Over what a body does between two readings, under the rate of change that would be implausible. */
const shiftBpm = 42

/**
 * A monitor is made to show a heart that beats steadily faster than it does, from one reading to the next: every value is believable, and the
 * pulse follows the heart rate, so that nothing contradicts it but the device's own past. ICS T0832, T1565.002.
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
      device.distort((vitals) => {
        const shifted = (name: 'hr' | 'pulse'): Record<string, number> => {
          const value = vitals[name]
          // "Not connected" stays so.
          return value === undefined || value <= 0 ? {} : { [name]: value + shiftBpm }
        }
        return { ...vitals, ...shifted('hr'), ...shifted('pulse') }
      })
      await scheduler.sleep(target.durationMs, signal)
      device.distort(null)
    })
  },
}
