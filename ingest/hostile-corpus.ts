import { createHash } from 'node:crypto'
import { encodeMessage, encodeMessageHeader } from '../contracts/envelope.ts'
import { uplinkLeaves } from '../contracts/mqtt-topics.ts'
import { createEnvelopeDecoder } from './envelope-decoder.ts'

const seeds = [
  '{"ts":1795466399000,"seq":42,"fw":"2.4.1","bat":87,"boot":"b7f1","vitals":{"hr":72,"spo2":97.5,"temp":-17.8,"linePressure":-0}}',
  '{"ts":"2026-11-23T21:59:59.123+02:30","seq":1,"vitals":{"hr":1e999,"\\u0068r":0.1,"x":5e-324,"y":1.7976931348623157e308}}',
  '{"ts":1795466399000.75,"vitals":{"9":1,"1":2,"b":3,"__proto__":4,"hr":null}}',
  '{"ts":-1,"fw":"\u{1F489}\\ud83d","vitals":{"é":1}}',
  '[{"bn":"urn:dev:ow:10e2:","bt":1.276020076001e+09,"bu":"Cel","n":"temp","v":36.6},{"n":"hr","u":"Hz","v":1.2},{"n":"59408-5","u":"/","v":0.973}]',
  '[{"n":"temp","u":"K","v":310.15,"t":-5.5},{"n":"glucose","u":"mmol/L","v":5.4},{"n":"abpSys","u":"kPa","v":16.1}]',
  '{"event":"therapy","subject":"basal rate","from":0.1,"to":1e21,"actor":true,"ts":1}',
  '\uFEFF{"vitals":{"hr":72}} ',
  '{"seq":1.5,"vitals":{"hr":72}}',
  '[[[[[[[[{"a":[{}]}]]]]]]]]',
]

/** xorshift32: integer arithmetic only, so the corpus is the same on every engine. */
const createMutations = (seed: number): ((below: number) => number) => {
  let state = seed | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/**
 * SHA-256 over the answers to `count` mutated messages. Two runtimes that decode alike print the same; the parity test and
 * anyone who upgrades a runtime compares them.
 * @param seed reproduces the corpus
 */
export const hostileCorpusDigest = (seed: number, count: number): { digest: string; outcomes: Record<string, number> } => {
  const below = createMutations(seed)
  const decoder = createEnvelopeDecoder({ nestingMax: 40 })
  const hash = createHash('sha256')
  const outcomes: Record<string, number> = {}
  for (let i = 0; i < count; i++) {
    let payload = Buffer.from(seeds[below(seeds.length)]!)
    for (let change = below(4); change > 0 && payload.length > 0; change--) {
      const at = below(payload.length)
      const kind = below(6)
      if (kind === 0) payload[at] = below(256)
      else if (kind === 1) payload[at] = 48 + below(10)
      else if (kind === 2) payload = payload.subarray(0, at)
      else if (kind === 3) payload = Buffer.concat([payload.subarray(0, at), payload.subarray(below(at + 1))])
      else if (kind === 4) payload = Buffer.concat([payload.subarray(0, at), Buffer.from('[{"'.repeat(below(30))), payload.subarray(at)])
      else
        payload = Buffer.concat([
          payload.subarray(0, at),
          Buffer.from([0xef, 0xbf, 0xbd, 0xed, 0xa0, 0x80].slice(0, below(7))),
          payload.subarray(at),
        ])
    }
    const header = encodeMessageHeader({ leaf: uplinkLeaves[below(3)]!, site: 's', device: `d${below(50)}`, model: 'm', session: 'x' })
    const envelope = encodeMessage(header, payload, 1_795_466_400_000 + i, below(2) === 1)
    if (below(20) === 0) envelope[below(envelope.length)] = below(256)
    const decoded = decoder.decode(envelope)
    const outcome = decoded.outcome === 'deadLetter' ? decoded.reason : decoded.outcome
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    hash.update(`${JSON.stringify(decoded)}\n`)
  }
  return { digest: hash.digest('hex'), outcomes }
}
