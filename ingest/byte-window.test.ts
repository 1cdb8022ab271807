import { expect, it } from 'vitest'
import { createByteWindows } from './byte-window.ts'

it('a record of another batch gets another window', () => {
  const windowOf = createByteWindows()
  const [one, two] = [new Uint8Array(8), new Uint8Array(8)]
  expect(windowOf(one.subarray(2))).toBe(windowOf(one))
  expect(windowOf(two).buffer).toBe(two.buffer)
})
