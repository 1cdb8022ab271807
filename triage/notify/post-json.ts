import type { Clock } from '../../contracts/clock.ts'
import { resolveAllowed } from './allowed-address.ts'
import type { Sent } from './port.ts'

/** A page is a few kilobytes. */
const bodyBytesMax = 65_536
/** Of an answer no more than this is read, and none of it is told: it may repeat what we sent. */
const answerBytesMax = 16_384
/** No receiver puts a page off for longer, ms. */
const retryAfterMsMax = 900_000

export interface Post {
  readonly url: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** Posts JSON, follows no redirect, and says what became of it: 2xx sent; 408, 409, 425, 429, 5xx and a failed connection again later; the rest refused. */
export const postJson = async ({ url, body, headers = {}, signal, clock }: Post): Promise<Sent> => {
  if (Buffer.byteLength(body) > bodyBytesMax) return { outcome: 'refused', problem: `the page is longer than ${bodyBytesMax} bytes` }
  const resolved = await resolveAllowed(new URL(url).hostname, signal)
  if (!resolved.ok)
    return resolved.forGood
      ? { outcome: 'refused', problem: resolved.problem }
      : { outcome: 'retry', problem: signal.aborted ? 'no answer in time' : resolved.problem, afterMs: null }
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', 'user-agent': 'Wardwatch', ...headers },
      body,
      signal,
    })
    const outcome = outcomeOf(response.status, response.headers.get('retry-after'), clock)
    await readAway(response)
    return outcome
  } catch (error) {
    return { outcome: 'retry', problem: signal.aborted ? 'no answer in time' : `it can not be reached${codeOf(error)}`, afterMs: null }
  }
}

/** @param retryAfter the header: seconds or an HTTP date */
export const outcomeOf = (status: number, retryAfter: string | null, clock: Clock): Sent => {
  if (status >= 200 && status < 300) return { outcome: 'sent', warning: null }
  if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500)
    return { outcome: 'retry', problem: `it answered ${status}`, afterMs: retryAfterMs(retryAfter, clock) }
  if (status >= 300 && status < 400)
    return { outcome: 'refused', problem: `it answered ${status}: redirects are not followed, set the final address` }
  return { outcome: 'refused', problem: `it refused the page: ${status}` }
}

const retryAfterMs = (header: string | null, clock: Clock): number | null => {
  if (header === null) return null
  const waitMs = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - clock.now()
  return Number.isFinite(waitMs) && waitMs > 0 ? Math.min(waitMs, retryAfterMsMax) : null
}

/** Takes the answer off the connection, so that it can be used again; gives up on a long or broken one. */
const readAway = async (response: Response): Promise<void> => {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  let bytes = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      bytes += value.length
      if (bytes > answerBytesMax) break
    }
    await reader.cancel()
  } catch {
    // The status has been read; what came after it does not matter.
  }
}

/** Only the code: a message may hold the address, and with Slack the address is the secret. */
const codeOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
  return /^\w{1,40}$/.test(code) ? ` (${code})` : ''
}
