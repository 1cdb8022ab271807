/** How long a commit waits for company: finds itself, commit by commit. */
export interface Linger {
  /** How long the next commit waits, counted from the start of the one before, ms. */
  readonly ms: number
  /** A commit that was `sinceStartMs` under way has ended and something waits: once in a while, a wait to see whether more comes. */
  probe(sinceStartMs: number): void
  began(nowMs: number): void
  /** Somebody has appended while it lasted. */
  called(nowMs: number): void
  /** It is over; `overflowed`: more came than one commit takes. */
  ended(nowMs: number, overflowed: boolean): void
}

/** A probe for company that failed is not repeated for 2, 4, 8 .. commits, at most this power of two. */
const failedProbesMax = 6

/**
 * A commit's price is its flush (0.3-0.5 ms of CPU here, however little is in it), so how long to wait for company matters more
 * than anything else. What tells is *when* company came. Readings of a fleet keep coming: the last one
 * came just before the linger's end, so a longer one pays, and it doubles up to `lingerMsMax`. Callers that wait for their
 * acknowledgement come at once after it and then no more: waiting is in vain, and the linger halves down to none.
 * Whether a linger would pay is probed when something waits at the end of a commit, with growing pauses between failed probes.
 * The linger counts from the start of the commit before, so a slow disk adds nothing to it.
 */
export const createLinger = (lingerMsMax: number): Linger => {
  let ms = 0
  let beganMs = 0
  /** When somebody last called; its beginning when nobody did. */
  let lastCallMs = 0
  let failedProbes = 0
  let commitsToProbe = 0
  return {
    get ms() {
      return ms
    },
    probe(sinceStartMs) {
      const shortest = sinceStartMs + 1
      if (ms >= shortest || shortest > lingerMsMax || commitsToProbe-- > 0) return
      ms = shortest
    },
    began(nowMs) {
      beganMs = nowMs
      lastCallMs = nowMs
    },
    called(nowMs) {
      lastCallMs = nowMs
    },
    ended(nowMs, overflowed) {
      const span = nowMs - beganMs
      const silence = nowMs - lastCallMs
      if (overflowed || silence < span / 3) {
        ms = Math.min(lingerMsMax, ms * 2)
        failedProbes = 0
      } else if (silence > (span * 2) / 3) {
        ms = ms < 2 ? 0 : ms / 2
        failedProbes = Math.min(failedProbesMax, failedProbes + 1)
        commitsToProbe = 2 ** failedProbes
      }
    },
  }
}
