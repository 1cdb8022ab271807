import { systemClock } from '../../contracts/clock.ts'
import { createAuthority } from '../../registry/authority.ts'
import { openConnection, secureContextOf } from '../../simulators/mqtt-connection.ts'

/** A box that knocks with certificates of its own authority: each name that it claims is one refusal, and so one alert of `rogue-device`. */
export const createRogue = async (mqttPort: number, caPem: string) => {
  const authority = await createAuthority({ siteName: 'rogue', clock: systemClock })
  let address = 0
  return async (name: string): Promise<void> => {
    address++
    const { certificatePem, privateKeyPem } = await authority.issueDeviceCertificate({ device: name, days: 30 })
    const credentials = { caPem, certificatePem, privateKeyPem }
    const outcome = await openConnection({
      host: '127.0.0.1',
      port: mqttPort,
      serverName: 'localhost',
      clientId: name,
      credentials,
      secureContext: secureContextOf(credentials),
      keepAliveSeconds: 30,
      connectTimeoutMs: 10_000,
      // An address of its own: the detector tells five a minute from one.
      ...(process.platform === 'linux' ? { localAddress: `127.7.${address >> 8}.${address & 255}` } : {}),
    })
    if (outcome.ok) throw new Error(`${name} was let in with a certificate of another authority`)
  }
}
