import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isIP } from 'node:net'
import { z } from 'zod'
import type { Clock } from '../contracts/clock.ts'
import type { Sealer } from '../contracts/secrets.ts'
import { type Authority, createAuthority, loadAuthority } from '../registry/authority.ts'

/** The platform's own keys and certificates, PEM. At rest they are one sealed file. */
const identitySchema = z.object({
  authorityKeyPem: z.string(),
  caPem: z.string(),
  serverKeyPem: z.string(),
  serverCertificatePem: z.string(),
  serverNames: z.array(z.string()),
  /** The desk's certificate, once it has listened beyond loopback. */
  desk: z
    .object({ keyPem: z.string(), certificatePem: z.string(), names: z.array(z.string()) })
    .nullable()
    .default(null),
})
export type Identity = z.infer<typeof identitySchema>

const serverDays = 397
const renewBeforeMs = 30 * 86_400_000

/**
 * Loads the platform's identity, or makes it: a CA, and the certificates of the broker and of the desk from it. A certificate is made anew for
 * other names and 30 days before its end.
 */
export const loadIdentity = async (options: {
  readonly data: string
  readonly sealer: Sealer
  readonly site: string
  readonly names: readonly string[]
  /** Null when the desk needs none: it listens on loopback, or has its own. */
  readonly deskNames: readonly string[] | null
  readonly clock: Clock
}): Promise<Identity> => {
  const { data, sealer, site, names, deskNames, clock } = options
  const file = join(data, 'identity.sealed')
  const known = existsSync(file) ? identitySchema.parse(JSON.parse(sealer.open(readFileSync(file), 'identity').toString('utf8'))) : null
  const good = (certificatePem: string, has: readonly string[], wants: readonly string[]): boolean =>
    sameNames(has, wants) && endOf(certificatePem) - clock.now() > renewBeforeMs
  const serverGood = known !== null && good(known.serverCertificatePem, known.serverNames, names)
  const deskGood = deskNames === null || (known?.desk != null && good(known.desk.certificatePem, known.desk.names, deskNames))
  if (serverGood && deskGood) return known
  const authority: Authority =
    known === null
      ? await createAuthority({ siteName: site, clock })
      : await loadAuthority({ privateKeyPem: known.authorityKeyPem, certificatePem: known.caPem }, clock)
  const issue = (all: readonly string[]) =>
    authority.issueServerCertificate({
      names: all.filter((name) => isIP(name) === 0),
      addresses: all.filter((name) => isIP(name) !== 0),
      days: serverDays,
    })
  const server = serverGood ? { privateKeyPem: known.serverKeyPem, certificatePem: known.serverCertificatePem } : await issue(names)
  const desk = deskGood ? null : await issue(deskNames)
  const identity: Identity = {
    authorityKeyPem: authority.privateKeyPem,
    caPem: authority.certificatePem,
    serverKeyPem: server.privateKeyPem,
    serverCertificatePem: server.certificatePem,
    serverNames: [...names],
    desk:
      desk === null ? (known?.desk ?? null) : { keyPem: desk.privateKeyPem, certificatePem: desk.certificatePem, names: [...deskNames!] },
  }
  writeFileSync(`${file}.new`, sealer.seal(Buffer.from(JSON.stringify(identity)), 'identity'), { mode: 0o600, flush: true })
  renameSync(`${file}.new`, file)
  // Devices need the CA's certificate; it is public.
  writeFileSync(join(data, 'ca.crt'), identity.caPem)
  return identity
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean => a.toSorted().join('\n') === b.toSorted().join('\n')

const endOf = (certificatePem: string): number => Date.parse(new X509Certificate(certificatePem).validTo)
