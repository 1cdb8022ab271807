import { createTestAuthority } from '../../broker/test-certificates.ts'
import { openConnection, secureContextOf } from '../../simulators/mqtt-connection.ts'

/** A box that knocks with certificates of its own authority: each name that it claims is one refusal, and so one alert of `rogue-device`. */
export const createRogue = async (mqttPort: number, caPem: string) => {
  const authority = await createTestAuthority('rogue')
  let addresses = 0
  return async (name: string): Promise<void> => {
    const address = ++addresses
    const { certificatePem, keyPem } = await authority.issue({ commonName: name, purpose: 'client' })
    const credentials = { caPem, certificatePem, privateKeyPem: keyPem }
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
