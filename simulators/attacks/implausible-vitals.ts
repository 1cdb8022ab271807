import { type Attack, perpetrate, victimOf } from './attack.ts'

/** A monitor shows what no living patient has: saturation over 100 %, a fever of 45 Cel, a heart at 320. ICS T0832. */
export const implausibleVitals: Attack = {
  id: 'implausible-vitals',
  expectedDetector: 'implausible-vitals',
  fromOutside: false,
  async run(context, target) {
    const device = victimOf(context, target, 'implausible-vitals')
    if (device === null) return
    const { random, scheduler, signal } = context
    const what = `${device.spec.device} reports saturations of 104 %, 45 Cel and heart rates over 310`
    await perpetrate(context, target, { attack: implausibleVitals, what, subjects: [device.spec.device] }, async () => {
      device.distort((vitals) => ({
        ...vitals,
        spo2: 104,
        temp: 45 + random.integer(0, 5) / 10,
        hr: random.integer(312, 330),
        pulse: random.integer(40, 60),
      }))
      await scheduler.sleep(target.durationMs, signal)
      device.distort(null)
    })
  },
}
