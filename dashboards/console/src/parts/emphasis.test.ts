import fc from 'fast-check'
import { expect, it } from 'vitest'
import { emphasise } from './emphasis.ts'

const marked = (text: string, evidence: Parameters<typeof emphasise>[1] = []) =>
  emphasise(text, evidence)
    .filter(({ as }) => as !== 'plain')
    .map(({ text, as }) => (as === 'observed' ? `!${text}` : text))

it('numbers stand out with their units, the observed one most', () =>
  expect(
    marked('pump-17 sent 1,840 readings and 45.5 % more within 58 s.', [{ feature: 'readings', observed: 1_840, expected: 10, unit: '' }]),
  ).toEqual(['!1,840 readings', '45.5 %', '58 s']))
it('digits of names, addresses and versions are no numbers', () =>
  expect(marked('INF-4471 at 10.2.0.17:8883 runs v6.2.1 as pump_4, T0814 and ICU-2')).toEqual([]))
it('an evidence of zero or of words marks nothing as observed', () =>
  expect(marked('refused 0 times', [{ feature: 'x', observed: 0, expected: 'often', unit: '' }])).toEqual(['0 times']))
it('whatever a device makes it say, the parts together are the sentence', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(
        emphasise(text, [])
          .map((part) => part.text)
          .join(''),
      ).toBe(text)
    }),
  )
})
