import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { whileSeen } from './while-seen.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const begin = (hidden: boolean) => {
  const said: string[] = []
  const page = Object.assign(new EventTarget(), { hidden })
  const view = new EventTarget()
  const stream = { start: () => said.push('start'), rest: () => said.push('rest'), stop: () => said.push('stop') }
  const end = whileSeen(stream, page as never, view as never)
  const see = (isHidden: boolean) => {
    page.hidden = isHidden
    page.dispatchEvent(new Event('visibilitychange'))
  }
  return { said, view, see, end }
}

it('a tab that is hidden for a while gives its stream back, and takes one again when it is seen', () => {
  const { said, see, end } = begin(false)
  see(true)
  vi.advanceTimersByTime(4_000)
  see(false)
  expect(said).toEqual(['start', 'start'])
  see(true)
  vi.advanceTimersByTime(5_000)
  see(false)
  end()
  expect(said).toEqual(['start', 'start', 'rest', 'start', 'stop'])
})

it('a tab that was opened in the background takes none before it is seen', () => {
  const { said, see } = begin(true)
  vi.advanceTimersByTime(60_000)
  expect(said).toEqual([])
  see(false)
  expect(said).toEqual(['start'])
})

it('a page that is left lets go at once, and on the way back holds one again', () => {
  const { said, view } = begin(false)
  view.dispatchEvent(new Event('pagehide'))
  view.dispatchEvent(new Event('pageshow'))
  expect(said).toEqual(['start', 'rest', 'start'])
})
