import { lackingOwnKafka } from './kafka/kafka-offer.ts'
import { describeDesks } from './platform/desk-rounds.ts'

describeDesks({ desks: 3, rounds: Number(process.env['WARDWATCH_ROUNDS'] ?? 12), lacks: lackingOwnKafka() })
