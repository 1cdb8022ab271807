import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../contracts/clock.ts'
import { createAuthority } from '../../../registry/authority.ts'
import type { SettingsOf } from '../port.ts'
import { hostile, messageOf } from '../testing/messages.ts'
import { startSmtpReceiver, type SmtpReceiver } from '../testing/smtp-receiver.ts'
import { createEmailNotifier } from './email.ts'

const never = new AbortController().signal
let ca = ''
let key = ''
let cert = ''
beforeAll(async () => {
  const authority = await createAuthority({ siteName: 'test', clock: systemClock })
  const issued = await authority.issueServerCertificate({ names: ['localhost'], addresses: ['127.0.0.1'], days: 1 })
  ca = authority.certificatePem
  key = issued.privateKeyPem
  cert = issued.certificatePem
})

describe('mail', () => {
  let server: SmtpReceiver | null = null
  let plainServer: Server | null = null
  afterEach(async () => {
    await server?.close()
    plainServer?.close()
    server = null
    plainServer = null
  })
  const email = () => createEmailNotifier({ silenceMs: 1_000, trustedCa: ca })
  const to = (over: Partial<SettingsOf<'email'>> = {}): SettingsOf<'email'> => ({
    kind: 'email',
    host: 'localhost',
    port: server?.port ?? 1,
    tls: 'starttls',
    user: 'ward',
    password: 'p4ss',
    from: 'wardwatch@hospital.example',
    to: ['oncall@hospital.example', 'soc@hospital.example'],
    ...over,
  })
  const headersOf = (raw: string): string => raw.slice(0, raw.indexOf('\r\n\r\n'))

  it('goes out encrypted and signed in, one mail for all recipients', async () => {
    server = await startSmtpReceiver({ key, cert })
    expect(await email().send(messageOf(), to(), never)).toEqual({ outcome: 'sent', warning: null })
    expect(server.mails).toHaveLength(1)
    const mail = server.mails[0]!
    expect(mail).toMatchObject({
      from: 'wardwatch@hospital.example',
      to: ['oncall@hospital.example', 'soc@hospital.example'],
      secure: true,
      user: 'ward',
    })
    expect(mail.raw).toContain('Subject: [Wardwatch] CRITICAL Replay on AL-1-device (north)')
    expect(mail.raw).toContain('a reading came twice')
    expect(mail.raw).toContain('https://ward.example/alerts/AL-1')
  })

  it('a repeat is the same mail, in the thread of its alert', async () => {
    server = await startSmtpReceiver({ key, cert })
    await email().send(messageOf(), to(), never)
    await email().send(messageOf(), to(), never)
    const ids = server.mails.map(({ raw }) => [/^Message-ID: .*$/m.exec(raw)?.[0], /^References: .*$/m.exec(raw)?.[0]])
    expect(ids[0]).toEqual(ids[1])
    expect(ids[0]).toEqual([
      'Message-ID: <0123456789abcdef0123456789abcdef.page@hospital.example>',
      'References: <AL-1.alert@hospital.example>',
    ])
  })

  it('a device adds no header, no recipient and no end of mail', async () => {
    server = await startSmtpReceiver({ key, cert })
    expect(await email().send(messageOf(hostile()), to(), never)).toMatchObject({ outcome: 'sent' })
    const mail = server.mails[0]!
    expect(mail.to).toEqual(['oncall@hospital.example', 'soc@hospital.example'])
    const names = headersOf(mail.raw)
      .split(/\r\n(?![ \t])/)
      .map((line) => line.slice(0, line.indexOf(':')).toLowerCase())
      .toSorted()
    const own =
      'auto-submitted content-transfer-encoding content-type date from in-reply-to message-id mime-version references subject to x-priority'
    expect(names.join(' ')).toBe(own)
  })

  it('TLS from the first byte', async () => {
    server = await startSmtpReceiver({ key, cert, secure: true })
    expect(await email().send(messageOf(), to({ tls: 'required' }), never)).toMatchObject({ outcome: 'sent' })
    expect(server.mails[0]).toMatchObject({ secure: true, user: 'ward' })
  })

  it('in the clear only when that is what was set', async () => {
    server = await startSmtpReceiver({ hideSTARTTLS: true, allowInsecureAuth: true, authOptional: true })
    expect(await email().send(messageOf(), to(), never)).toMatchObject({ outcome: 'retry' })
    expect(server.mails).toHaveLength(0)
    expect(await email().send(messageOf(), to({ tls: 'none', user: null, password: null }), never)).toMatchObject({ outcome: 'sent' })
    expect(server.mails[0]).toMatchObject({ secure: false, user: null })
  })

  it('a certificate that nobody vouches for is not trusted, and nothing has been said', async () => {
    let asked = 0
    server = await startSmtpReceiver({ key, cert, onAuth: (_auth, _session, done) => (asked++, done(null, { user: 'x' })) })
    const sent = await createEmailNotifier({ silenceMs: 1_000 }).send(messageOf(), to(), never)
    expect(sent).toMatchObject({ outcome: 'retry' })
    expect(asked).toBe(0)
    expect(server.mails).toHaveLength(0)
  })

  it('a certificate of another name is not trusted', async () => {
    const authority = await createAuthority({ siteName: 'test', clock: systemClock })
    const other = await authority.issueServerCertificate({ names: ['mail.example'], addresses: [], days: 1 })
    server = await startSmtpReceiver({ key: other.privateKeyPem, cert: other.certificatePem })
    const notifier = createEmailNotifier({ silenceMs: 1_000, trustedCa: authority.certificatePem })
    expect(await notifier.send(messageOf(), to(), never)).toMatchObject({ outcome: 'retry' })
    expect(server.mails).toHaveLength(0)
  })

  it('a wrong password is refused for good and not told', async () => {
    server = await startSmtpReceiver({ key, cert })
    const sent = await email().send(messageOf(), to({ password: 'guess' }), never)
    expect(sent).toEqual({ outcome: 'refused', problem: 'its server refused the sign-in: 535' })
  })

  const refusals: Record<string, [number, string]> = {
    'a full mailbox is tried again': [452, 'retry'],
    'no such mailbox is refused': [550, 'refused'],
  }
  for (const [name, [responseCode, outcome]] of Object.entries(refusals))
    it(name, async () => {
      server = await startSmtpReceiver({
        key,
        cert,
        onRcptTo: (_address, _session, done) => done(Object.assign(new Error('p4ss is no recipient'), { responseCode })),
      })
      const sent = await email().send(messageOf(), to(), never)
      expect(sent).toMatchObject({ outcome })
      expect(JSON.stringify(sent)).not.toContain('p4ss')
    })

  it('one of two recipients: sent, with a warning', async () => {
    server = await startSmtpReceiver({
      key,
      cert,
      onRcptTo: ({ address }, _session, done) =>
        address.startsWith('soc') ? done(Object.assign(new Error('no'), { responseCode: 550 })) : done(),
    })
    expect(await email().send(messageOf(), to(), never)).toEqual({ outcome: 'sent', warning: '1 of 2 recipients were refused' })
  })

  it('a server that says nothing is left, and one that trickles too', async () => {
    const open = new Set<{ destroy(): void }>()
    plainServer = createServer((socket) => {
      open.add(socket)
      socket.on('error', () => {})
      const trickle = setInterval(() => socket.write('220-a\r\n'), 20)
      socket.on('close', () => clearInterval(trickle))
    })
    await new Promise<void>((resolve) => plainServer!.listen(0, '127.0.0.1', resolve))
    const { port } = plainServer.address() as AddressInfo
    const ended = new Promise<void>((resolve) => plainServer!.on('connection', (socket) => socket.on('close', () => resolve())))
    const settings = to({ host: '127.0.0.1', port })
    expect(await email().send(messageOf(), settings, AbortSignal.timeout(200))).toEqual({
      outcome: 'retry',
      problem: 'no answer in time',
      afterMs: null,
    })
    await ended
    for (const socket of open) socket.destroy()
  })

  it('a server that is away is tried again; a metadata service is refused', async () => {
    server = await startSmtpReceiver({ key, cert })
    const settings = to()
    await server.close()
    expect(await email().send(messageOf(), settings, never)).toMatchObject({ outcome: 'retry' })
    expect(await email().send(messageOf(), { ...settings, host: '169.254.169.254' }, never)).toMatchObject({ outcome: 'refused' })
  })
})
