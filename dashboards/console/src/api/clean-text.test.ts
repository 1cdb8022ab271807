import { expect, it } from 'vitest'
import { cleanAnswer, cleanText } from './clean-text.ts'

it('bidi overrides, controls and invisible characters are shown as what they are: not text', () =>
  expect(cleanText('pump\u202e71\u0000\u200b\u2066x\u001b[31m\u{E0041}')).toBe('pump\ufffd71\ufffd\ufffd\ufffdx\ufffd[31m\ufffd'))
it('text of any script, line breaks and markup stay: React shows them as text', () => {
  const text = 'Größe 温度 <img src=x onerror=alert(1)>\n\tالقلب 🫀'
  expect(cleanText(text)).toBe(text)
})
it('every text of an answer is cleaned, keys too, and numbers and nulls stay', () => {
  const answer: unknown = JSON.parse('{"a":["x\\u202e",1,null,{"b\\u0007":"\\u200f"}],"__proto__":{"polluted":"\\u0000"}}')
  const clean = cleanAnswer(answer) as Record<string, unknown>
  expect(JSON.stringify(clean)).toBe('{"a":["x\ufffd",1,null,{"b\ufffd":"\ufffd"}],"__proto__":{"polluted":"\ufffd"}}')
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})
