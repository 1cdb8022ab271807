import { describe, expect, it } from 'vitest'
import { alertWith } from './alert.fixture.ts'
import { belongs, compareIn, queryOf, viewFrom } from './queue-view.ts'

describe('the URL is the state', () => {
  it('goes there and back', () => {
    const search = 'tab=mine&sort=score&severity=critical%2Chigh&q=icu+pump&device=pump-17&from=1000&pastDue=true'
    expect(new URLSearchParams(queryOf(viewFrom(search))).toString()).toBe(search)
  })
  it('what is not understood is as if it were not there', () =>
    expect(queryOf(viewFrom('tab=<script>&sort=drop&severity=worst&from=-1&to=1e9&pastDue=maybe'))).toEqual({}))
})

describe('what belongs into a view', () => {
  const fits = (search: string, change: Partial<Parameters<typeof alertWith>[0]> = {}) =>
    belongs(viewFrom(search), alertWith({ id: 'a', ...change }), 'rosa', 100_000)
  it('by tab', () => {
    expect(fits('')).toBe(true)
    expect(fits('', { state: 'snoozed' })).toBe(false)
    expect(fits('tab=mine', { owner: 'rosa', state: 'acknowledged' })).toBe(true)
    expect(fits('tab=mine', { owner: 'mona' })).toBe(false)
    expect(fits('tab=closed', { state: 'closed' })).toBe(true)
  })
  it('by words, all of them, without regard to case', () => {
    expect(fits('q=icu+PUMP')).toBe(true)
    expect(fits('q=icu+monitor')).toBe(false)
  })
  it('by time, severity and past due', () => {
    expect(fits('from=1000&to=1001')).toBe(true)
    expect(fits('to=1000')).toBe(false)
    expect(fits('severity=critical')).toBe(false)
    expect(fits('pastDue=true')).toBe(true)
    expect(fits('pastDue=true', { nextDueAt: null })).toBe(false)
  })
})

it('due next: what has no clock comes last; closed ones by their last change', () => {
  const one = alertWith({ id: 'a', nextDueAt: null })
  const two = alertWith({ id: 'b', nextDueAt: 5 })
  expect([one, two].toSorted(compareIn(viewFrom(''))).map(({ id }) => id)).toEqual(['b', 'a'])
  expect(
    [alertWith({ id: 'old', version: 1 }), alertWith({ id: 'new', version: 9 })]
      .toSorted(compareIn(viewFrom('tab=closed')))
      .map(({ id }) => id),
  ).toEqual(['new', 'old'])
})
