import type { Decoded, DeadLetterReason } from '../contracts/decode.ts'
import type { MessageOrigin } from '../contracts/envelope.ts'

/** What an envelope says about a message besides its payload's content; given to each payload decoder. */
export interface MessageContext {
  readonly origin: MessageOrigin
  /** The edge's clock, ms. */
  readonly receivedAt: number
  /** Length of the payload. */
  readonly bytes: number
  /** 32-bit murmur2 of the payload. */
  readonly payloadHash: number
  /** The MQTT DUP flag. */
  readonly redelivered: boolean
}

export const drop: Decoded = { outcome: 'drop' }

/** `detail` must not hold an engine's own words: it has to be the same on every runtime. It is cut to 200 characters. */
export const deadLetter = (reason: DeadLetterReason, detail: string): Decoded => ({
  outcome: 'deadLetter',
  reason,
  detail: detail.length > 200 ? detail.slice(0, 200) : detail,
})
