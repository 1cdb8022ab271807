import type { RefusalReason } from '../contracts/observation.ts'
import { rateKey } from './address.ts'
import type { EdgeLimits } from './limits.ts'
import { createRecentMap } from './recent-map.ts'
import { fullBucket, refill } from './token-bucket.ts'

/** Whether a TCP connection from an address may go on to the TLS handshake; a reason when not. */
export type Admission = (address: string, connections: number) => RefusalReason | null

/** An address's connects are counted whether they are let in or not; how many addresses are remembered is bounded. */
export const createAdmission = (limits: EdgeLimits, now: () => number): Admission => {
  const { connectsPerSecondPerAddressMax, connectsBurstPerAddressMax } = limits
  const addresses = createRecentMap(limits.addressesRememberedMax, () => fullBucket(connectsBurstPerAddressMax, now()))
  return (address, connections) => {
    const bucket = addresses.get(rateKey(address))
    refill(bucket, connectsPerSecondPerAddressMax, connectsBurstPerAddressMax, now())
    if (bucket.tokens < 1) return 'connect-rate'
    bucket.tokens--
    return connections >= limits.connectionsMax ? 'connections-max' : null
  }
}
