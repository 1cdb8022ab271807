import { expect } from 'vitest'
import type { Account } from './watched-platform.ts'

/** A process of the platform at a small load has some 150-450 MB; what a fault makes it hold has to stay well under this. */
const memoryMbMax = 900

/** What has to be so after any fault of the network. */
export const expectUntouched = (account: Account, said: string): void => {
  expect(account.acknowledged, said).toBeGreaterThan(0)
  expect(
    {
      missing: account.missing.slice(0, 10),
      doubled: account.doubled.slice(0, 10),
      dropped: account.dropped,
      findingsRepeated: account.findingsRepeated,
      honestFound: account.honestFound.slice(0, 10),
      swollen: Object.entries(account.memoryMb).filter(([, mb]) => mb > memoryMbMax),
    },
    said,
  ).toEqual({ missing: [], doubled: [], dropped: 0, findingsRepeated: 0, honestFound: [], swollen: [] })
}
