import { type Attack, perpetrate, victimOf } from './attack.ts'

const perBurst = 12
const bursts = 2
/** Part of the duration that is spent listening, and then lying low. */
const listenShare = 0.5
const lieLowShare = 0.25

/**
 * What the device said half a minute ago is published again, byte for byte and without DUP, through its own connection: malware on it, or
 * someone on the wire behind its TLS. In bursts between two live readings. MITRE ATT&CK ICS T0856.
 */
export const replay: Attack = {
  id: 'replay',
  expectedDetector: 'replay',
  fromOutside: false,
  async run(context, target) {
    const device = victimOf(context, target, 'replay')
    if (device === null) return
    const { scheduler, signal } = context
    const heard = device.record(perBurst * bursts)
    await scheduler.sleep(target.durationMs * listenShare, signal)
    const old = [...heard()]
    await scheduler.sleep(target.durationMs * lieLowShare, signal)
    if (old.length === 0 || signal.aborted)
      return context.logger.warn({ device: target.device }, 'nothing was heard that could be replayed')
    const ageSeconds = Math.round((scheduler.now() - old[0]!.atMs) / 1_000)
    const what = `${old.length} readings of ${device.spec.device}, up to ${ageSeconds} s old, are published again byte for byte`
    await perpetrate(context, target, { attack: replay, what, subjects: [device.spec.device] }, async () => {
      for (let b = 0; b < bursts && !signal.aborted; b++) {
        for (const { payload } of old.slice(b * perBurst, (b + 1) * perBurst)) device.sendRaw(payload)
        await scheduler.sleep((target.durationMs * (1 - listenShare - lieLowShare)) / bursts, signal)
      }
    })
  },
}
