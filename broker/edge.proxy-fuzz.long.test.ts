import { describe, expect, it } from 'vitest'
import { runtimes } from './test-edge.ts'
import { runProxyFuzz } from './test-proxy-fuzz.ts'

describe.each(runtimes)('forty thousand random and mutated PROXY headers, on $runtime', ({ program }) => {
  it('leave memory level', { timeout: 1_200_000 }, async () => {
    const [warmMb, atEndMb] = await runProxyFuzz(program, 40_000, 7)
    expect(atEndMb, `resident memory, MB: ${warmMb} ${atEndMb}`).toBeLessThan(warmMb * 1.5 + 50)
  })
})
