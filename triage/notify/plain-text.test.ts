import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainText } from './plain-text.ts'

describe("a device's text becomes one clean line", () => {
  const table: Record<string, [string, string]> = {
    'line ends': ['a\r\nBcc: x@y.z\u2028b\u0085c', 'a Bcc: x@y.z b c'],
    'turned writing direction': ['safe\u202Egnp.exe', 'safegnp.exe'],
    'hidden characters': ['a\u200Bb\u00ADc\uFEFF\u{E0041}', 'abc'],
    'an address to click on': ['see https://evil.example and WWW.evil.example', 'see https[:]//evil.example and www[.]evil.example'],
    'half a character': ['a\uD800b', 'a\uFFFDb'],
    'too long': ['x'.repeat(50), `${'x'.repeat(9)}…`],
  }
  for (const [name, [text, clean]] of Object.entries(table))
    it(name, () => expect(plainText(text, name === 'too long' ? 10 : 100)).toBe(clean))

  it('whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 80 }), (text, max) => {
        const clean = plainText(text, max)
        expect(clean.length).toBeLessThanOrEqual(max)
        expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|:\/\//u)
        expect(clean).toBe(plainText(clean, max))
      }),
    )
  })
})
