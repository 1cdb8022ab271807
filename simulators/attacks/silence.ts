import { type Attack, perpetrate, victimOf } from './attack.ts'

/**
 * A device says nothing more, though its connection lives on: malware that withholds its reports and still answers the broker's pings. A dead
 * socket would be told by the broker itself; this is the silence that only a rhythm gives away. ICS T0804 (block reporting message).
 */
export const silence: Attack = {
  id: 'silence',
  expectedDetector: 'silence',
  fromOutside: false,
  async run(context, target) {
    const device = victimOf(context, target, 'silence')
    if (device === null) return
    const what = `${device.spec.device} stays connected and withholds its readings`
    await perpetrate(context, target, { attack: silence, what, subjects: [device.spec.device] }, async () => {
      device.mute(true)
      await context.scheduler.sleep(target.durationMs, context.signal)
    })
    device.mute(false)
  },
}
