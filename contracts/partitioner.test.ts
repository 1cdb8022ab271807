import { expect, it } from 'vitest'
import { murmur2 } from './partitioner.ts'

it("hashes as Kafka's own test vectors say", () => {
  // org.apache.kafka.common.utils.UtilsTest#testMurmur2
  const vectors: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ]
  for (const [text, hash] of vectors) expect([text, murmur2(Buffer.from(text)) | 0]).toEqual([text, hash])
})
