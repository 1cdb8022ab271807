import { expect, it } from 'vitest'
import { failureOf } from './kafka-failure.ts'

const said = (type: string, message: string): Error => Object.assign(new Error(message), { name: 'KafkaJSCreateTopicError', type })

it('what stands for several says why, each reason once, and is as final as one of them', () => {
  const all = [
    said('TOPIC_AUTHORIZATION_FAILED', 'Topic authorization failed'),
    said('TOPIC_AUTHORIZATION_FAILED', 'Topic authorization failed'),
    said('INVALID_REPLICATION_FACTOR', 'Replication-factor is invalid'),
  ]
  const error = Object.assign(new Error('Topic creation errors'), { name: 'KafkaJSAggregateError', errors: all })
  expect(failureOf(error)).toEqual({
    kind: 'refused',
    message: 'Topic creation errors: Topic authorization failed: Replication-factor is invalid',
  })
  expect(failureOf(new Error('outer', { cause: error }))).toMatchObject({ kind: 'refused' })
})

it('what is nothing of the kind is somebody who is away', () => {
  expect(failureOf(new Error('connect ECONNREFUSED'))).toEqual({ kind: 'away', message: 'connect ECONNREFUSED' })
  expect(failureOf('gone')).toEqual({ kind: 'away', message: 'gone' })
})
