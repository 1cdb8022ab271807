import { lackingOwnKafka } from './kafka/kafka-offer.ts'
import { describeDesks } from './platform/desk-rounds.ts'

describeDesks({ desks: 2, rounds: 2, lacks: lackingOwnKafka() })
