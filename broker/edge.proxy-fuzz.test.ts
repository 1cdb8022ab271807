import { describe, expect, it } from 'vitest'
import { runtimes } from './test-edge.ts'
import { runProxyFuzz } from './test-proxy-fuzz.ts'

describe.each(runtimes)('random and mutated PROXY headers, on $runtime', ({ program }) => {
  it('harm neither the edge nor an honest session beside them', { timeout: 60_000 }, async () => {
    const [, atEndMb] = await runProxyFuzz(program, 1_200, 20_261_125)
    expect(atEndMb).toBeLessThan(400)
  })
})
