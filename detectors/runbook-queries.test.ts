import { readFileSync, readdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Store } from '../store/open.ts'
import { createAnalyst } from '../store/query/read-only-query.ts'
import { openedStore, temporaryDirectory } from '../store/testing/temporary-store.ts'

const folder = new URL('../docs/runbooks/', import.meta.url)
const queries = readdirSync(folder)
  .sort()
  .flatMap((name) =>
    [...readFileSync(new URL(name, folder), 'utf8').matchAll(/npx wardwatch query "([^"\n]+)"/g)].map(([, sql]) => ({ name, sql: sql! })),
  )

const home = temporaryDirectory()
let store: Store
beforeAll(async () => {
  store = await openedStore(home.path)
})
afterAll(async () => {
  await store.close()
  home.remove()
})

it('every query of every runbook is one that `wardwatch query` answers', async () => {
  expect(queries.length).toBeGreaterThanOrEqual(30)
  const analyst = createAnalyst(store)
  const refused: string[] = []
  for (const { name, sql } of queries) {
    const answer = await analyst.ask(sql)
    if (!answer.ok) refused.push(`${name}: ${sql}: ${answer.detail.slice(0, 200)}`)
    else for await (const piece of answer.pieces) expect(piece.length).toBeGreaterThan(0)
  }
  expect(refused).toEqual([])
})
