import { describe, expect, it } from 'vitest'
import { isForKeymap } from './keyboard.ts'
import { keymap } from './keymap.ts'

const of = (id: string) => keymap.find((entry) => entry.id === id)!
const free = { typing: false, dialog: false, control: false }

describe('the keymap', () => {
  it('binds no key twice', () => {
    const presses = keymap.flatMap(({ press }) => press)
    expect(new Set(presses).size).toBe(presses.length)
  })
  it('has each sequence before the single keys it could be taken for', () => {
    const first = keymap.findIndex(({ press }) => !press[0]!.includes(' '))
    expect(keymap.slice(first).some(({ press }) => press[0]!.includes(' '))).toBe(false)
  })
})

describe('a key stroke', () => {
  it('is for the keymap where nothing else wants it', () => expect(isForKeymap(of('alert.acknowledge'), free, true)).toBe(true))
  it('is text in an input and belongs to a dialog in a dialog', () => {
    expect(isForKeymap(of('alert.acknowledge'), { ...free, typing: true }, true)).toBe(false)
    expect(isForKeymap(of('queue.next'), { ...free, dialog: true }, true)).toBe(false)
  })
  it('does nothing once single keys are switched off, but Ctrl K and Escape go on (WCAG 2.1.4)', () => {
    for (const entry of keymap) if (entry.single) expect(isForKeymap(entry, free, false), entry.id).toBe(false)
    expect(isForKeymap(of('palette'), { ...free, typing: true }, false)).toBe(true)
    expect(isForKeymap(of('back'), free, false)).toBe(true)
  })
  it('Enter on a button presses the button', () => expect(isForKeymap(of('queue.open'), { ...free, control: true }, true)).toBe(false))
})
