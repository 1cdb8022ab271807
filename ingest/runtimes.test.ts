import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { hostileCorpusDigest } from './hostile-corpus.ts'

const bun = fileURLToPath(new URL(`../node_modules/@oven/bun-${process.platform}-${process.arch}/bin/bun`, import.meta.url).href)

it('the corpus meets every reason that a payload can have', () => {
  expect(Object.keys(hostileCorpusDigest(7, 20_000).outcomes)).toEqual(
    expect.arrayContaining([
      'ok',
      'drop',
      'not-utf8',
      'not-json',
      'too-deep',
      'not-an-object',
      'bad-timestamp',
      'bad-sequence',
      'bad-vitals',
      'no-vitals',
      'bad-senml',
      'bad-event',
      'bad-envelope',
    ]),
  )
})

it.skipIf(!existsSync(bun))(`Node and Bun give the same answers, byte for byte${existsSync(bun) ? '' : ' (skipped: no Bun here)'}`, () => {
  const module = new URL('hostile-corpus.ts', import.meta.url).href
  const script = `import { hostileCorpusDigest } from ${JSON.stringify(fileURLToPath(module))}; console.log(JSON.stringify(hostileCorpusDigest(7, 20000)))`
  const answer: unknown = JSON.parse(execFileSync(bun, ['-e', script], { encoding: 'utf8' }))
  expect(answer).toEqual(hostileCorpusDigest(7, 20_000))
})
