import { expect, it } from 'vitest'
import { codeIn, nextIn } from './address.ts'

it('the code comes from the fragment', () => {
  expect(codeIn('#code=abc-123')).toBe('abc-123')
  expect([codeIn(''), codeIn('#code='), codeIn('#other=1')]).toEqual([null, null, null])
})
it('an open redirect was tried: the way on is a path of the console, never another site', () => {
  expect(nextIn('?next=%2Falerts%2FAL-1%3Ftab%3Dmine')).toBe('/alerts/AL-1?tab=mine')
  for (const next of [
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    '/sign-in',
    'javascript:alert(1)',
    '/\t/evil.example',
    '',
  ])
    expect(nextIn(`?next=${encodeURIComponent(next)}`), next).toBe('/alerts')
})
