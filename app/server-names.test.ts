import { expect, it } from 'vitest'
import { serverNamesFault } from './server-names.ts'

it.each([
  'localhost',
  'broker.hospital.example',
  'edge-a',
  '3com.example',
  'xn--mnchen-3ya.example',
  '10.1.2.3',
  '::1',
  '2001:db8::17',
  `${'a'.repeat(63)}.example`,
])('%s may be in a certificate', (name) => expect(serverNamesFault([name])).toBeNull())

it.each([
  'two words',
  '-edge',
  'edge-',
  'edge..example',
  'edge.example.',
  '*.example',
  'https://edge.example',
  'edge:8883',
  'münchen.example',
  '10.1.2.300',
  '10.1.2',
  'fe80::1%eth0',
  'edge\n',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(130)}example`,
])('%j is refused by its name', (name) => expect(serverNamesFault(['localhost', name])).toContain('is neither a host name'))

it('none, an empty one and too many are refused', () => {
  expect(serverNamesFault([])).toContain('1 to 100 names, not 0')
  expect(serverNamesFault(['edge', ''])).toBe('one of the names is empty')
  expect(serverNamesFault(Array.from({ length: 100 }, (_, i) => `edge-${i}`))).toBeNull()
  expect(serverNamesFault(Array.from({ length: 101 }, (_, i) => `edge-${i}`))).toContain('not 101')
})
