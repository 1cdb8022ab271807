import { isIP } from 'node:net'
import { getCACertificates } from 'node:tls'
import { createTransport } from 'nodemailer'
import { resolveAllowed } from '../allowed-address.ts'
import { aboutOf, footerOf, titleOf } from '../headline.ts'
import { cut } from '../plain-text.ts'
import type { Notifier, PageMessage, Sent, SettingsOf } from '../port.ts'

const subjectCharactersMax = 200

export interface EmailOptions {
  /** No answer for so long ends an attempt, ms. */
  readonly silenceMs: number
  /** Certificates (PEM) that are trusted besides the system's; undefined: the system's alone. */
  readonly trustedCa?: string
}

/**
 * Mail over SMTP. Plain text only. `Message-ID` is the page's id, so that a repeat is the same mail; all mails of an alert are one thread.
 * With `tls: 'starttls'` and `'required'` neither name, password nor mail leave before the connection is encrypted and the certificate proved.
 */
export const createEmailNotifier = ({ silenceMs, trustedCa }: EmailOptions): Notifier<'email'> => ({
  keepsState: false,
  async send(message, settings, signal) {
    const { host, user, password } = settings
    if (user !== null && password === null) return { outcome: 'refused', problem: 'it has no password' }
    const resolved = await resolveAllowed(host, signal)
    if (!resolved.ok)
      return resolved.forGood
        ? { outcome: 'refused', problem: resolved.problem }
        : { outcome: 'retry', problem: signal.aborted ? 'no answer in time' : resolved.problem, afterMs: null }
    const addresses = resolved.addresses.slice(0, addressesMax)
    let sent: Sent = { outcome: 'retry', problem: 'its server can not be reached', afterMs: null }
    for (const address of addresses) {
      sent = await sendThrough(address, message, settings, signal, { silenceMs: silenceMs / addresses.length, trustedCa })
      // Another address helps only where this one was not reached.
      if (sent.outcome !== 'retry' || signal.aborted) return sent
    }
    return sent
  },
})

/** A name's addresses that one attempt tries. */
const addressesMax = 3

const sendThrough = async (
  serverAddress: string,
  message: PageMessage,
  { host, port, tls, user, password, from, to }: SettingsOf<'email'>,
  signal: AbortSignal,
  { silenceMs, trustedCa }: { readonly silenceMs: number; readonly trustedCa: string | undefined },
): Promise<Sent> => {
  const transport = createTransport({
    // The address that was judged, not the name again: it may lead elsewhere by now. The certificate is still the name's.
    host: serverAddress,
    port,
    secure: tls === 'required',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: {
      minVersion: 'TLSv1.2',
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(trustedCa === undefined ? {} : { ca: [...getCACertificates('default'), trustedCa] }),
    },
    ...(user === null ? {} : { auth: { user, pass: password ?? '' }, forceAuth: true }),
    connectionTimeout: silenceMs,
    greetingTimeout: silenceMs,
    socketTimeout: silenceMs,
    dnsTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  // Addresses as objects are not parsed again: none can smuggle a second one in.
  const address = (one: string) => ({ name: '', address: one })
  const domain = from.slice(from.lastIndexOf('@') + 1)
  const thread = message.storm === null ? `<${message.alert.id}.alert@${domain}>` : `<storm@${domain}>`
  try {
    const info = await transport.sendMail({
      from: address(from),
      to: to.map(address),
      subject: cut(`[Wardwatch] ${titleOf(message)}`, subjectCharactersMax),
      text: textOf(message),
      messageId: `<${message.id}.page@${domain}>`,
      inReplyTo: thread,
      references: thread,
      date: new Date(message.at),
      headers: { 'Auto-Submitted': 'auto-generated', ...(message.alert.severity === 'critical' ? { 'X-Priority': '1' } : {}) },
      signal,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    const { length } = info.rejected
    return { outcome: 'sent', warning: length === 0 ? null : `${length} of ${to.length} recipients were refused` }
  } catch (error) {
    return signal.aborted ? { outcome: 'retry', problem: 'no answer in time', afterMs: null } : failureOf(error)
  } finally {
    transport.close()
  }
}

const textOf = (message: PageMessage): string => {
  const { alert, link } = message
  return [
    titleOf(message),
    '',
    message.storm === null ? alert.why : `The worst: ${aboutOf(message)}. ${alert.why}`,
    '',
    ...alert.evidence.map(({ feature, observed, expected, unit }) => `  ${feature}: ${observed} ${unit} (usual: ${expected})`),
    '',
    `First seen ${new Date(alert.firstSeen).toISOString()}, last ${new Date(alert.lastSeen).toISOString()}`,
    footerOf(message),
    ...(link === null ? [] : ['', link]),
    '',
  ].join('\n')
}

/** Only codes: a server's answer may repeat what it was sent. RFC 5321: 5yz is for good, 4yz is not. */
const failureOf = (error: unknown): Sent => {
  const { code, responseCode } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown; responseCode?: unknown }
  const name = typeof code === 'string' && /^\w{1,40}$/.test(code) ? code : 'unknown'
  if (typeof responseCode === 'number' && responseCode >= 500 && responseCode < 600)
    return {
      outcome: 'refused',
      problem: name === 'EAUTH' ? `its server refused the sign-in: ${responseCode}` : `its server refused the mail: ${responseCode}`,
    }
  if (typeof responseCode === 'number') return { outcome: 'retry', problem: `its server answered ${responseCode}`, afterMs: null }
  // A certificate that is not trusted comes as either of these.
  if (name === 'ETLS' || name === 'ESOCKET')
    return { outcome: 'retry', problem: `its server can not be reached, or its TLS is not to be trusted (${name})`, afterMs: null }
  return { outcome: 'retry', problem: `its server can not be reached (${name})`, afterMs: null }
}
