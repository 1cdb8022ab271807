import { LogUnavailable } from '../../contracts/event-log.ts'
import { LeadRefused } from '../../contracts/leadership.ts'
import { SealBroken } from '../../contracts/secrets.ts'
import { RoleRefused } from './channel.ts'

/**
 * What it means at a start that a desk could not stand for the lead. Kafka is away, or another desk was quicker: the same may work later, and the
 * supervisor tries again. A right, a key or the CA is wrong: people have to mend it. Anything else is a bug, and told as it is.
 */
export const noLead = (error: unknown): unknown => {
  if (error instanceof LogUnavailable && (error.reason === 'broker-away' || error.reason === 'not-leading'))
    return new LogUnavailable('broker-away', `this desk can't stand for the lead yet: ${error.message}`, { cause: error })
  if (error instanceof LogUnavailable || error instanceof LeadRefused || error instanceof SealBroken)
    return new RoleRefused(`this desk can't stand for the lead: ${error.message}`)
  return error
}
