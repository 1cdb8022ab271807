import { createHmac } from 'node:crypto'
import type { Clock } from '../../../contracts/clock.ts'
import type { Notifier, PageMessage } from '../port.ts'
import { postJson } from '../post-json.ts'

/**
 * The page as JSON, signed: `Wardwatch-Signature: v1=` and HMAC-SHA-256 in hex, with the secret, over `<Wardwatch-Timestamp>.<body>`.
 * `Idempotency-Key` is the page's id: the same for every attempt.
 */
export const createWebhookNotifier = ({ clock }: { readonly clock: Clock }): Notifier<'webhook'> => ({
  keepsState: false,
  async send(message, { url, secret }, signal) {
    if (secret === null) return { outcome: 'refused', problem: 'it has no secret to sign with' }
    const body = JSON.stringify(bodyOf(message))
    const timestamp = String(Math.floor(clock.now() / 1_000))
    const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
    const headers = { 'wardwatch-timestamp': timestamp, 'wardwatch-signature': `v1=${signature}`, 'idempotency-key': message.id }
    return postJson({ url, body, headers, signal, clock })
  },
})

const bodyOf = ({ id, kind, at, rule, storm, alert, link }: PageMessage) => ({
  version: 1,
  id,
  kind,
  at: new Date(at).toISOString(),
  rule,
  ...(storm === null ? {} : { storm }),
  alert: {
    ...alert,
    firstSeen: new Date(alert.firstSeen).toISOString(),
    lastSeen: new Date(alert.lastSeen).toISOString(),
    openedAt: new Date(alert.openedAt).toISOString(),
  },
  link,
})
