import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly secure: boolean
  readonly user: string | null
  /** Headers and body as they came. */
  readonly raw: string
}

export interface SmtpReceiver {
  readonly port: number
  readonly mails: readonly Mail[]
  close(): Promise<void>
}

/** A real SMTP server on loopback that keeps the mails it takes. */
export const startSmtpReceiver = async (options: SMTPServerOptions = {}): Promise<SmtpReceiver> => {
  const mails: Mail[] = []
  const server = new SMTPServer({
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth: ({ username, password }, _session, done) =>
      password === 'p4ss'
        ? done(null, { user: username })
        : done(Object.assign(new Error(`wrong password ${password}`), { responseCode: 535 })),
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        const raw = Buffer.concat(chunks).toString('utf8')
        const user = typeof session.user === 'string' ? session.user : null
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          user,
          raw,
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
