/** A bucket that holds up to `burst` tokens and gains `perSecond`. Times in ms; a clock that stands still adds nothing. */
export interface TokenBucket {
  tokens: number
  filledAt: number
}

export const fullBucket = (burst: number, nowMs: number): TokenBucket => ({ tokens: burst, filledAt: nowMs })

export const refill = (bucket: TokenBucket, perSecond: number, burst: number, nowMs: number): void => {
  const elapsedMs = nowMs - bucket.filledAt
  if (elapsedMs <= 0) return
  bucket.filledAt = nowMs
  const tokens = bucket.tokens + (elapsedMs * perSecond) / 1000
  bucket.tokens = tokens > burst ? burst : tokens
}
