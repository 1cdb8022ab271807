import { expect, it } from 'vitest'
import { createPeople, initialsOf } from '../state/people.ts'
import { toldBy } from './told.ts'

it("a colleague's change is told, one's own and the platform's folding are not", () => {
  const people = createPeople()
  people.learn([{ account: 'rosa', displayName: 'Rosa Klein' }])
  expect(toldBy({ actor: 'rosa', type: 'alert.acknowledged' }, 'john', people)).toBe('RK acknowledged')
  expect(toldBy({ actor: 'john', type: 'alert.acknowledged' }, 'john', people)).toBeNull()
  expect(toldBy({ actor: 'wardwatch', type: 'finding.folded' }, 'john', people)).toBeNull()
  expect(toldBy({ actor: 'wardwatch', type: 'alert.woken' }, 'john', people)).toBe('woke up')
})
it('initials', () =>
  expect(['Rosa Klein', 'rosa.klein', 'nightshift', 'Ana de la Vega', '', '温度'].map(initialsOf)).toEqual([
    'RK',
    'RK',
    'NI',
    'AV',
    '?',
    '温度',
  ]))
