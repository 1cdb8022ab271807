import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseTopicPattern } from './topic-pattern.ts'

it.each<[string, string, object | null]>([
  ['v1/+site/+device/telemetry', 'v1/general/monitor-1/telemetry', { site: 'general', device: 'monitor-1', leaf: 'telemetry' }],
  ['v1/+site/+device/telemetry', 'v1/general/monitor-1/event', null],
  ['v1/+site/+device/telemetry', 'v1/general/monitor-1/telemetry/x', null],
  ['v1/+site/+device/telemetry', 'v1/general//telemetry', null],
  ['v1/+site/+device/telemetry', 'v1/general/..%2F/telemetry', null],
  ['+site/+/+device/vitals', 'a/anything at all/d', null],
  ['+site/+/+device/vitals', 'a/anything at all/d/vitals', { site: 'a', device: 'd', leaf: 'telemetry' }],
  ['x/+device/+site/event', 'x/d/s/event', { site: 's', device: 'd', leaf: 'event' }],
  ['+device/+leaf/+site', 'd/status/s', { site: 's', device: 'd', leaf: 'status' }],
  ['+device/+leaf/+site', 'd/command/s', null],
])('%s reads %s', (pattern, topic, match) => {
  expect(parseTopicPattern(pattern)(topic)).toEqual(match)
})

it.each(['v1/+/+device', '+site/+site/+device', '+site/+device/+ward', ''])('%j is no pattern', (pattern) => {
  expect(() => parseTopicPattern(pattern)).toThrow(RangeError)
})

it('any topic gives an answer', () => {
  const match = parseTopicPattern('+site/+device/+leaf')
  fc.assert(fc.property(fc.string(), (topic) => match(topic) === null || topic.split('/').length === 3))
})
