import { randomBytes } from 'node:crypto'
import { systemClock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Leadership } from '../../contracts/leadership.ts'
import type { KafkaLog } from '../../stream/kafka/open-kafka-log.ts'
import { createSoleLeadership } from '../../stream/sole-leadership.ts'

/** How the desk of a log comes to lead: on Kafka there may be others, on the embedded log there is one. @param name the role's own */
export const openLeadership = (log: EventLog | KafkaLog, name: string): Leadership =>
  'openLeadership' in log
    ? log.openLeadership({ node: name, newId: () => randomBytes(9).toString('base64url'), nowMs: () => systemClock.now() })
    : createSoleLeadership(log)
