import { type Attack, perpetrate, victimOf } from './attack.ts'

/** A device goes dead without a word: socket cut, no reconnect, no readings; it comes back when the attack is over. ICS T0804. */
export const silence: Attack = {
  id: 'silence',
  expectedDetector: 'silence',
  fromOutside: false,
  async run(context, target) {
    const device = victimOf(context, target, 'silence')
    if (device === null) return
    const what = `${device.spec.device} goes silent`
    await perpetrate(context, target, { attack: silence, what, subjects: [device.spec.device] }, async () => {
      device.die()
      await context.scheduler.sleep(target.durationMs, context.signal)
    })
    if (!context.signal.aborted) device.revive()
  },
}
