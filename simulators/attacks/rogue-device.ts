import { type Attack, addressSubject, perpetrate } from './attack.ts'
import { trySignIn } from './sign-in.ts'

const tries = 3
const rogueName = 'mon-6666'

/** A box with a certificate of its own authority, and a revoked device that was not thrown away, both knock. MITRE ATT&CK T1200. */
export const rogueDevice: Attack = {
  id: 'rogue-device',
  expectedDetector: 'rogue-device',
  fromOutside: true,
  async run(context, target) {
    const [rogue, revoked] = await Promise.all([context.rogueCredentials(rogueName), context.revokedDevice()])
    const what = `a device with an untrusted certificate (${rogueName}) and the revoked ${revoked.device} try to connect`
    const subjects = [addressSubject(target), rogueName, revoked.device]
    await perpetrate(context, target, { attack: rogueDevice, what, subjects }, async () => {
      for (let i = 0; i < tries && !context.signal.aborted; i++) {
        await trySignIn(context, target, { clientId: rogueName, credentials: rogue })
        await trySignIn(context, target, { clientId: revoked.device, credentials: revoked.credentials })
        await context.scheduler.sleep(target.durationMs / tries, context.signal)
      }
    })
  },
}
