import { type Attack, perpetrate, victimOf } from './attack.ts'

const timesItsRate = 50
const stepMs = 40

/** A compromised device publishes fifty times as often as it should: fresh counters and stamps, the same vitals. MITRE ATT&CK T1499.002. */
export const flood: Attack = {
  id: 'flood',
  expectedDetector: 'flood',
  fromOutside: false,
  async run(context, target) {
    const device = victimOf(context, target, 'flood')
    if (device === null) return
    const { scheduler, signal } = context
    const perMs = timesItsRate / device.spec.intervalMs
    const what = `${device.spec.device} publishes ${Math.round(perMs * 1_000)} readings a second, ${timesItsRate} times its rate`
    await perpetrate(context, target, { attack: flood, what, subjects: [device.spec.device] }, async () => {
      const startedMs = scheduler.now()
      let sent = 0
      while (scheduler.now() - startedMs < target.durationMs && !signal.aborted) {
        // A stalled process makes up for at most a second.
        const due = Math.min((scheduler.now() - startedMs) * perMs, sent + perMs * 1_000)
        for (; sent < due; sent++) device.sendExtra()
        await scheduler.sleep(stepMs, signal)
      }
    })
  },
}
