/**
 * Whether the group still counts on this member: it does for the session's time after it was heard of last. A process that was frozen
 * or cut off must not handle a batch that another member may have by now; it waits here until the group has heard of it again,
 * or its partitions are taken from it.
 */
export interface Lease {
  /** @param agoMs since it was asked what has been answered now: the group counts from when it heard that */
  renew(agoMs: number): void
  /** The group has said that it has gone on without this member. */
  lose(): void
  valid(): boolean
  /** Since it was heard of last, ms; 0 while it is valid. */
  unheardMs(): number
  /** Resolves when it is valid, or `end` was called. */
  whenValid(): Promise<void>
  /** Resolves when it is valid, however often partitions come and go meanwhile. */
  whenHeard(): Promise<void>
  end(): void
  /** Partitions were gained: it counts again. */
  revive(): void
}

/** Of what comes at the end of a session, a part is left out: for what is sent in its last moment. */
const usedShare = 0.7

export const createLease = (sessionMs: number, steadyNowMs: () => number): Lease => {
  let heardAtMs = -Infinity
  let ended = false
  let lost = false
  let waiting: (() => void)[] = []
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve()
  }
  const valid = (): boolean => !lost && steadyNowMs() - heardAtMs < sessionMs * usedShare
  return {
    renew(agoMs) {
      heardAtMs = Math.max(heardAtMs, steadyNowMs() - agoMs)
      lost = false
      wake()
    },
    lose() {
      lost = true
    },
    valid,
    unheardMs: () => (valid() ? 0 : steadyNowMs() - heardAtMs),
    async whenValid() {
      while (!ended && !valid()) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    async whenHeard() {
      while (!valid()) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    end() {
      ended = true
      wake()
    },
    revive() {
      ended = false
    },
  }
}
