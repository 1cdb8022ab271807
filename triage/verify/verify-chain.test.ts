import { describe, expect, it } from 'vitest'
import type { CaseEvent } from '../../contracts/case-event.ts'
import { openMemoryLog } from '../../stream/memory-log.ts'
import { createCaseFold } from '../group/fold.ts'
import { findingAt, takeInto } from '../findings.fixture.ts'
import { sealLink } from '../chain.ts'
import { verifyChain } from './verify-chain.ts'

const chainOf = (length: number): CaseEvent[] => {
  const fold = createCaseFold()
  return Array.from({ length }, (_, i) => takeInto(fold, findingAt(i), { topic: 'findings.v1', partition: 0, offset: i }, 9_000)).flat()
}
const verify = async (values: readonly (CaseEvent | string)[]) => {
  const log = openMemoryLog()
  await log.append(
    'cases.v1',
    values.map((value) => ({ key: 'case', value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) })),
  )
  return verifyChain(log)
}

describe('the first broken link is named', () => {
  const chain = chainOf(5)
  const broken: Record<string, [readonly (CaseEvent | string)[], number, RegExp]> = {
    'a changed word': [chain.map((event, i) => (i === 2 ? { ...event, why: 'nothing happened' } : event)), 3, /does not match its hash/],
    'an event taken out': [chain.filter((_, i) => i !== 1), 2, /its sequence is 3, 2 was due/],
    'two events swapped': [[chain[0]!, chain[2]!, chain[1]!], 2, /its sequence/],
    'an event forged with a right hash of its own': [
      chain.map((event, i) => (i === 1 ? sealLink({ ...(({ hash: _hash, ...rest }) => rest)(event), actor: 'forger' }) : event)),
      3,
      /does not name the event before it/,
    ],
    'a key added': [chain.map((event, i) => (i === 3 ? { ...event, extra: 1 } : event)), 4, /not a case event/],
    'bytes that are no event': [[chain[0]!, '{'], 2, /not a case event/],
  }
  for (const [name, [values, sequence, problem]] of Object.entries(broken))
    it(name, async () => {
      const report = await verify(values)
      expect(report).toMatchObject({ ok: false, sequence, offset: sequence - 1 })
      expect(report.ok ? '' : report.problem).toMatch(problem)
    })

  it('a whole chain and an empty one are whole', async () => {
    expect(await verify(chain)).toMatchObject({ ok: true, events: 5, lastHash: chain[4]!.hash })
    expect(await verify([])).toMatchObject({ ok: true, events: 0 })
  })
})
