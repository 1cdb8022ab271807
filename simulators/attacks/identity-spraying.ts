import { type Attack, addressSubject, perpetrate } from './attack.ts'
import { inLanes, trySignIn } from './sign-in.ts'

const lanes = 4
const usualNames = ['admin', 'nurse', 'biomed', 'service', 'monitor', 'gateway', 'pump', 'mqtt'] as const

/** One likely password for many identities, one try each, from one address: names that are usual and ids read off labels. MITRE ATT&CK T1110.003. */
export const identitySpraying: Attack = {
  id: 'identity-spraying',
  expectedDetector: 'identity-spraying',
  fromOutside: true,
  async run(context, target) {
    const first = context.fleet.devices[0]
    if (first === undefined) return context.logger.warn({}, 'an empty fleet cannot be sprayed')
    const { caPem } = await context.credentials(first)
    const names = [...usualNames, ...target.others]
    const what = `one password tried for ${names.length} identities from one address`
    await perpetrate(context, target, { attack: identitySpraying, what, subjects: [addressSubject(target)] }, async () => {
      await inLanes(names, lanes, context.signal, async (userName) => {
        await trySignIn(context, target, {
          clientId: userName,
          credentials: { userName, password: 'Welcome1', ...(caPem === undefined ? {} : { caPem }) },
        })
        await context.scheduler.sleep(context.random.between(0.6, 1.4) * ((target.durationMs * lanes) / names.length), context.signal)
      })
    })
  },
}
