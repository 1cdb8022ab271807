import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { systemClock } from '../contracts/clock.ts'
import { createSealer } from '../stream/seal.ts'
import type { Config } from './config.ts'
import { deskNames, isLoopback } from './desk/loopback.ts'
import { type Identity, loadIdentity } from './identity.ts'
import { readKafkaLog } from './kafka-log-settings.ts'
import { deriveKey, loadMasterKey, readLogKeys } from './master-key.ts'
import { readServerSettings } from './read-server-settings.ts'
import type { Secrets } from './role-plans.ts'
import type { Shared } from './role-set.ts'
import { readPrivateKeyFile } from './secret-file.ts'

export type SecretsLoaded = { readonly ok: true; readonly secrets: Secrets } | { readonly ok: false; readonly problem: string }

/**
 * Opens, or makes, the keys that the roles of this machine need and no others: the CA's key is the desk's, an edge elsewhere has its
 * certificate from files, and a machine that has the log's key from a file needs no master key unless it seals more than the log.
 */
export const loadSecrets = async (config: Config, shared: Shared, fromEnvironment: string | undefined): Promise<SecretsLoaded> => {
  const { desk, mqtt, roles } = config
  const hasDesk = roles.includes('desk')
  const kafka = readKafkaLog(config.log)
  if (!kafka.ok) return kafka
  const ownLogKeys = config.log.keyFile === undefined ? null : readLogKeys(config.log.keyFile)
  if (ownLogKeys !== null && !ownLogKeys.ok) return ownLogKeys
  const seals = ownLogKeys === null || hasDesk || roles.includes('detect')
  const master = seals
    ? loadMasterKey({
        data: config.data,
        keyFile: config.keyFile,
        fromEnvironment,
        // What detectors seal goes from machine to machine: there the key is given, not made.
        mayMake: !shared.log || hasDesk,
      })
    : null
  if (master !== null && !master.ok) return master
  const logKeys = ownLogKeys?.keys ?? [deriveKey(master!.key, 'log')]
  const server = shared.store && (hasDesk || roles.includes('sink')) ? readServerSettings(config.store) : null
  if (typeof server === 'string') return { ok: false, problem: server }
  const ownDeskTls = hasDesk ? readPair('desk', desk) : null
  if (typeof ownDeskTls === 'string') return { ok: false, problem: ownDeskTls }
  const metricsTls = readPair('metrics', config.metrics)
  if (typeof metricsTls === 'string') return { ok: false, problem: metricsTls }
  const ownEdge = roles.includes('edge') ? readEdge(mqtt) : null
  if (typeof ownEdge === 'string') return { ok: false, problem: ownEdge }
  let identity: Identity | null = null
  if (hasDesk && master !== null)
    try {
      identity = await loadIdentity({
        data: config.data,
        sealer: createSealer(deriveKey(master.key, 'authority'), 'identity'),
        site: config.site,
        names: mqtt.names,
        deskNames: ownDeskTls === null && !isLoopback(desk.host) ? deskNames(desk.host, desk.names) : null,
        clock: systemClock,
      })
    } catch (error) {
      return {
        ok: false,
        problem: `${join(config.data, 'identity.sealed')} can't be opened with the key from ${master.from}: ${reasonOf(error)}`,
      }
    }
  const fromIdentity =
    identity === null ? null : { keyPem: identity.serverKeyPem, certificatePem: identity.serverCertificatePem, caPem: identity.caPem }
  return {
    ok: true,
    secrets: {
      master: master?.key ?? null,
      logKeys,
      kafka: kafka.options,
      server,
      authority: identity === null ? null : { keyPem: identity.authorityKeyPem, caPem: identity.caPem },
      edge: roles.includes('edge') ? (ownEdge ?? fromIdentity) : null,
      metricsTls,
      deskTls: ownDeskTls ?? (isLoopback(desk.host) ? null : (identity?.desk ?? null)),
    },
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

interface Files {
  readonly certificateFile?: string | undefined
  readonly keyFile?: string | undefined
}

/** A certificate with its key; null when none is named; a sentence when they can't be read or do not go together. */
const readPair = (section: string, { certificateFile, keyFile }: Files): { keyPem: string; certificatePem: string } | string | null => {
  if (certificateFile === undefined || keyFile === undefined) return null
  try {
    const tls = { certificatePem: readFileSync(certificateFile, 'utf8'), keyPem: readPrivateKeyFile('the key', keyFile)! }
    createSecureContext({ cert: tls.certificatePem, key: tls.keyPem })
    return tls
  } catch (error) {
    return `${section}.certificateFile ${certificateFile}, ${section}.keyFile ${keyFile}: ${reasonOf(error)}`
  }
}

const readEdge = ({ caFile, ...files }: Config['mqtt']): Secrets['edge'] | string => {
  const pair = readPair('mqtt', files)
  if (pair === null || typeof pair === 'string' || caFile === undefined) return typeof pair === 'string' ? pair : null
  try {
    const caPem = readFileSync(caFile, 'utf8')
    createSecureContext({ ca: caPem })
    return { ...pair, caPem }
  } catch (error) {
    return `mqtt.caFile ${caFile}: ${reasonOf(error)}`
  }
}
