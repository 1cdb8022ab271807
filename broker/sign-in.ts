import type { RefusalReason } from '../contracts/observation.ts'
import type { DeviceDirectory, DeviceRecord } from '../contracts/registry.ts'
import { uplinkTopic } from '../contracts/mqtt-topics.ts'
import type { ConnectPacket } from './connect-packet.ts'
import type { PasswordGate } from './password-gate.ts'
import type { RegistryWait } from './registry-wait.ts'
import type { Peer } from './session.ts'

/** CONNACK return codes of MQTT 3.1.1. */
export const connack = { version: 1, identifier: 2, unavailable: 3, credentials: 4, notAuthorized: 5 } as const

export type SignIn =
  | { readonly outcome: 'accepted'; readonly record: DeviceRecord }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason; readonly code: number }
  | { readonly outcome: 'willDenied'; readonly record: DeviceRecord; readonly topic: string }

const refused = (reason: RefusalReason, code: number): SignIn => ({ outcome: 'refused', reason, code })

/**
 * Decides a CONNECT. Identity is the certificate's common name; it counts when the directory has that device enrolled with this very
 * certificate. A certificate of ours that the record does not list (any more) is `revoked`; before that is said, what the registry's log holds is read:
 * the device may have been enrolled, or have got this certificate, a moment ago. Without a certificate the user name is the device id and the password is
 * checked, if the device is enrolled so; the gate reads on likewise before it says no. The client id must be the device id; a will may only go to the device's own `status`.
 */
export const decideSignIn = (
  connect: ConnectPacket,
  peer: Peer,
  directory: DeviceDirectory,
  passwords: PasswordGate | null,
  registryWait: RegistryWait | null,
): SignIn | Promise<SignIn> => {
  if (connect.clientId === '') return refused('empty-client-id', connack.identifier)
  if (peer.fingerprint !== null) {
    const verdict = decideByCertificate(connect, peer, directory)
    return registryWait === null || !mayBeNews(verdict, peer, directory)
      ? verdict
      : registryWait().then((reached) =>
          reached ? decideByCertificate(connect, peer, directory) : refused('registry-behind', connack.unavailable),
        )
  }
  if (connect.userName === null || connect.password === null || passwords === null)
    return refused(connect.userName === null ? 'no-certificate' : 'password-not-enabled', connack.notAuthorized)
  return decideByPassword(connect, connect.userName, connect.password, peer, directory, passwords)
}

const decideByCertificate = (connect: ConnectPacket, peer: Peer, directory: DeviceDirectory): SignIn => {
  const record = peer.commonName === null ? undefined : directory.device(peer.commonName)
  if (record === undefined) return refused('unknown-identity', connack.notAuthorized)
  if (record.status === 'revoked' || !record.fingerprints.includes(peer.fingerprint!)) return refused('revoked', connack.notAuthorized)
  return decideRest(connect, record)
}

/** A refusal that an enrolment or a renewal would undo that the edge has not read yet. A revoked device's own certificate needs no second look. */
const mayBeNews = (verdict: SignIn, peer: Peer, directory: DeviceDirectory): boolean =>
  verdict.outcome === 'refused' &&
  (verdict.reason === 'unknown-identity' || verdict.reason === 'revoked') &&
  peer.commonName !== null &&
  directory.device(peer.commonName)?.fingerprints.includes(peer.fingerprint!) !== true

const decideRest = (connect: ConnectPacket, record: DeviceRecord): SignIn => {
  if (connect.clientId !== record.device) return refused('client-id-mismatch', connack.identifier)
  const topic = connect.will?.topic
  if (topic !== undefined && topic !== uplinkTopic(record.site, record.device, 'status')) return { outcome: 'willDenied', record, topic }
  return { outcome: 'accepted', record }
}

/**
 * Unknown user, password not enabled, revoked, wrong password: one answer after the same work; only the observation tells them apart. While the
 * registry can't be read to its end none of them is sure, and again all have one answer.
 */
const decideByPassword = async (
  connect: ConnectPacket,
  userName: string,
  password: Buffer,
  peer: Peer,
  directory: DeviceDirectory,
  passwords: PasswordGate,
): Promise<SignIn> => {
  const verdict = await passwords(() => directory.device(userName), password, peer.address)
  if (typeof verdict === 'object') return decideRest(connect, verdict)
  if (verdict === 'busy') return refused('connect-rate', connack.unavailable)
  if (verdict === 'behind') return refused('registry-behind', connack.unavailable)
  const record = directory.device(userName)
  if (record === undefined) return refused('unknown-identity', connack.credentials)
  if (record.status === 'revoked') return refused('revoked', connack.credentials)
  return refused(record.passwordHash === null ? 'password-not-enabled' : 'bad-credentials', connack.credentials)
}
