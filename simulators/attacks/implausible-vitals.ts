import { type Attack, perpetrate, victimOf } from './attack.ts'

/**
 * A monitor shows what no living patient has: a saturation of 102 %, and at every other reading a heart over 310 and 45 Cel. It flickers, so
 * that no new level comes about. ICS T0832.
 */
export const implausibleVitals: Attack = {
  id: 'implausible-vitals',
  expectedDetector: 'implausible-vitals',
  fromOutside: false,
  async run(context, target) {
    const device = victimOf(context, target, 'implausible-vitals')
    if (device === null) return
    const { random, scheduler, signal } = context
    const what = `${device.spec.device} reports a saturation of 102 %, 45 Cel and heart rates over 310`
    await perpetrate(context, target, { attack: implausibleVitals, what, subjects: [device.spec.device] }, async () => {
      let odd = false
      device.distort((vitals) => {
        odd = !odd
        const lie = { ...vitals, spo2: 102 }
        return odd ? { ...lie, temp: 45 + random.integer(0, 5) / 10, hr: random.integer(312, 330) } : lie
      })
      await scheduler.sleep(target.durationMs, signal)
      device.distort(null)
    })
  },
}
