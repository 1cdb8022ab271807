import { type Attack, addressSubject, perpetrate } from './attack.ts'
import { inLanes, trySignIn } from './sign-in.ts'

const tries = 20
const lanes = 4
const seasons = ['Spring', 'Summer', 'Autumn', 'Winter'] as const

/** Wrong passwords, one after the other, for the user name of one legacy device, from one address. MITRE ATT&CK T1110.001. */
export const credentialBruteForce: Attack = {
  id: 'credential-brute-force',
  expectedDetector: 'credential-brute-force',
  fromOutside: true,
  async run(context, target) {
    const userName = target.device
    const spec = context.fleet.devices.find(({ device }) => device === userName)
    if (userName === null || spec === undefined) return context.logger.warn({ userName }, 'no legacy device to guess at')
    const { caPem } = await context.credentials(spec)
    const what = `${tries} wrong passwords for ${userName} from one address`
    await perpetrate(context, target, { attack: credentialBruteForce, what, subjects: [addressSubject(target), userName] }, async () => {
      const passwords = Array.from({ length: tries }, (_, i) => `${seasons[i % seasons.length]}${2_020 + Math.floor(i / seasons.length)}!`)
      await inLanes(passwords, lanes, context.signal, async (password) => {
        await trySignIn(context, target, {
          clientId: userName,
          credentials: { userName, password, ...(caPem === undefined ? {} : { caPem }) },
        })
        await context.scheduler.sleep(context.random.between(0.6, 1.4) * ((target.durationMs * lanes) / tries), context.signal)
      })
    })
  },
}
