import { randomBytes } from 'node:crypto'
import type { Credentials } from '../simulators/mqtt-connection.ts'
import { ask } from './control/client.ts'

interface Enrolled {
  readonly ok: true
  readonly certificatePem: string | null
  readonly privateKeyPem: string | null
  readonly caPem: string
}

/** Who is to be enrolled. */
interface Newcomer {
  readonly device: string
  readonly site: string
  readonly ward: string
  readonly model: string
  readonly firmware?: string
  /** Certificate unless given. */
  readonly credential?: 'certificate' | 'password'
}

const batchDevices = 100

/**
 * Enrols simulated devices at the platform that runs on a data directory, a batch at a time. Keys live in this process only: each start
 * gives every device a new certificate, and the old one is refused from then on.
 */
export const enrolSimulated = async (
  data: string,
  devices: readonly Newcomer[],
  onProgress: (enrolled: number) => void,
): Promise<
  { readonly ok: true; readonly credentials: ReadonlyMap<string, Credentials> } | { readonly ok: false; readonly problem: string }
> => {
  const credentials = new Map<string, Credentials>()
  for (let at = 0; at < devices.length; at += batchDevices) {
    const batch = devices.slice(at, at + batchDevices)
    const passwords = batch.map(({ credential }) => (credential === 'password' ? randomBytes(18).toString('base64url') : undefined))
    const answer = await ask<{ results: readonly (Enrolled | { ok: false; reason: string; detail: string })[] }>(data, 'enrol-many', {
      devices: batch.map(({ device, site, ward, model, firmware }, i) => ({
        device,
        site,
        ward,
        model,
        ...(firmware === undefined ? {} : { firmware }),
        again: 'renew',
        reinstate: true,
        ...(passwords[i] === undefined ? {} : { password: passwords[i] }),
      })),
    })
    if (!answer.ok) return answer
    for (const [i, result] of answer.value.results.entries()) {
      const { device } = batch[i]!
      if (!result.ok) return { ok: false, problem: `${device} could not be enrolled: ${result.detail}` }
      const password = passwords[i]
      credentials.set(
        device,
        password === undefined
          ? { caPem: result.caPem, certificatePem: result.certificatePem!, privateKeyPem: result.privateKeyPem! }
          : { caPem: result.caPem, userName: device, password },
      )
    }
    onProgress(credentials.size)
  }
  return { ok: true, credentials }
}
