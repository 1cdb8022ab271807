import type { Clock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { endOfAuthorities, endOfChain } from '../end-of-chain.ts'

/**
 * Says while an edge's certificate, or the last of the authorities that sign its devices', has ended: every device and the edge refuse each other then, and nothing
 * else would tell. Once in the log; null: all are good.
 */
export const createCertificateWatch = (
  { certificatePem, caPem }: { readonly certificatePem: string; readonly caPem: string },
  clock: Clock,
  logger: Logger,
): (() => string | null) => {
  const ends = [
    { what: "the edge's certificate", atMs: endOfChain(certificatePem) },
    { what: "the CA of the devices' certificates", atMs: endOfAuthorities(caPem) },
  ]
  let told = false
  return () => {
    const nowMs = clock.now()
    const ended = ends.find(({ atMs }) => atMs !== null && atMs < nowMs)
    if (ended === undefined) {
      told = false
      return null
    }
    const problem = `${ended.what} ended ${new Date(ended.atMs!).toISOString()}`
    if (!told) logger.error({}, problem)
    told = true
    return problem
  }
}
