import { isIP } from 'node:net'
import { systemClock } from '../contracts/clock.ts'
import { type Authority, loadAuthority } from '../registry/authority.ts'
import { claimDirectory } from '../stream/directory-lock.ts'
import { createSealer } from '../stream/seal.ts'
import type { Config } from './config.ts'
import { loadIdentity } from './identity.ts'
import { makeDirectory } from './make-directory.ts'
import { deriveKey, loadMasterKey } from './master-key.ts'
import { serverNamesFault } from './server-names.ts'

/** A certificate for a server of ours on another machine, with the CA that signed it. PEM. */
export interface ServerCertificate {
  readonly certificatePem: string
  readonly privateKeyPem: string
  readonly caPem: string
}

const days = 397

export const issueServerCertificate = async (authority: Authority, names: readonly string[]): Promise<ServerCertificate> => {
  const { certificatePem, privateKeyPem } = await authority.issueServerCertificate({
    names: names.filter((name) => isIP(name) === 0),
    addresses: names.filter((name) => isIP(name) !== 0),
    days,
  })
  return { certificatePem, privateKeyPem, caPem: authority.certificatePem }
}

/** As the platform itself would, while it does not run: makes the CA when there is none yet, so that the other machines can be readied first. */
export const issueFromStopped = async (
  config: Config,
  masterKeyFromEnvironment: string | undefined,
  names: readonly string[],
): Promise<{ readonly ok: true; readonly value: ServerCertificate } | { readonly ok: false; readonly problem: string }> => {
  const fault = serverNamesFault(names)
  if (fault !== null) return { ok: false, problem: fault }
  const unusable = makeDirectory(config.data)
  if (unusable !== null) return { ok: false, problem: `data: ${unusable}` }
  const claim = await claimDirectory(config.data)
  if ('refused' in claim) return { ok: false, problem: claim.refused }
  try {
    const master = loadMasterKey({ data: config.data, keyFile: config.keyFile, fromEnvironment: masterKeyFromEnvironment })
    if (!master.ok) return master
    const identity = await loadIdentity({
      data: config.data,
      sealer: createSealer(deriveKey(master.key, 'authority'), 'identity'),
      site: config.site,
      names: config.mqtt.names,
      deskNames: null,
      clock: systemClock,
    })
    const authority = await loadAuthority({ privateKeyPem: identity.authorityKeyPem, certificatePem: identity.caPem }, systemClock)
    return { ok: true, value: await issueServerCertificate(authority, names) }
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) }
  } finally {
    claim.release()
  }
}
