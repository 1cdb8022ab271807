import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alertWith } from './alert.fixture.ts'
import { modelOf, reconciled, refreshed, settled, withChanges, withPage, type QueueModel, type Surroundings } from './queue-model.ts'
import { compareIn, viewFrom } from './queue-view.ts'

const view = viewFrom('')
const idle: Surroundings = { view, me: 'rosa', nowMs: 5_000, holding: false, current: null, pointed: null }
const holding: Surroundings = { ...idle, holding: true }
const at = (id: string, nextDueAt: number) => alertWith({ id, nextDueAt, openedAt: nextDueAt })
const page = (...dues: readonly number[]) => ({
  items: dues.map((due) => at(`a${due}`, due)),
  total: dues.length,
  next: null,
  sequence: 10,
})
const ids = (model: QueueModel) => model.rows.map(({ alert }) => alert.id)

describe('a new alert', () => {
  it('comes in at its place at once while nobody looks', () => {
    const model = withChanges(modelOf(page(10, 30)), [{ alert: at('a20', 20), told: null }], idle)
    expect(ids(model)).toEqual(['a10', 'a20', 'a30'])
    expect(model.total).toBe(3)
  })
  it('waits while the list is held, and no row moves', () => {
    const model = withChanges(modelOf(page(10, 30)), [{ alert: at('a20', 20), told: null }], holding)
    expect(ids(model)).toEqual(['a10', 'a30'])
    expect(model.held.map(({ id }) => id)).toEqual(['a20'])
    expect(ids(refreshed(model, view))).toEqual(['a10', 'a20', 'a30'])
  })
  it('that waits and is closed meanwhile never shows', () => {
    const waits = withChanges(modelOf(page(10)), [{ alert: at('a5', 5), told: null }], holding)
    const model = withChanges(waits, [{ alert: { ...at('a5', 5), state: 'closed', sequence: 2 }, told: null }], holding)
    expect(model.held).toEqual([])
    expect(model.total).toBe(1)
  })
  it('behind the last loaded row is left to its page', () => {
    const model = withChanges({ ...modelOf(page(10, 20)), next: 'cursor' }, [{ alert: at('a90', 90), told: null }], idle)
    expect(ids(model)).toEqual(['a10', 'a20'])
    expect(model.total).toBe(3)
  })
})

describe('a change of a row', () => {
  const closed = { ...at('a20', 20), state: 'closed' as const, sequence: 2 }
  it('shows in its place and says who did it', () => {
    const model = withChanges(
      modelOf(page(10, 20)),
      [{ alert: { ...at('a20', 20), owner: 'mona', sequence: 2 }, told: 'MO assigned' }],
      holding,
    )
    expect(model.rows[1]).toMatchObject({ alert: { owner: 'mona' }, leaving: false, told: { text: 'MO assigned', atMs: 5_000 } })
  })
  it('that is older than what is shown is not taken', () => {
    const model = withChanges(
      modelOf({ ...page(10), items: [alertWith({ id: 'a', sequence: 5, owner: 'mona' })] }),
      [{ alert: alertWith({ id: 'a', sequence: 4 }), told: null }],
      idle,
    )
    expect(model.rows[0]?.alert.owner).toBe('mona')
  })
  it('an own one that was refused is rolled back although its sequence is no newer', () => {
    const guess = withChanges(modelOf(page(10)), [{ alert: { ...at('a10', 10), state: 'acknowledged' }, told: null }], holding)
    const back = withChanges(guess, [{ alert: at('a10', 10), told: null, force: true }], holding)
    expect(back.rows[0]?.alert.state).toBe('new')
  })
  it('takes the row away only once the cursor has left it', () => {
    const model = withChanges(modelOf(page(10, 20, 30)), [{ alert: closed, told: 'JD closed' }], { ...holding, current: 'a20' })
    expect(ids(model)).toEqual(['a10', 'a20', 'a30'])
    expect(model.total).toBe(2)
    const gone = { ...holding, current: 'a30' }
    // A moment longer, so that one sees what happened.
    expect(ids(settled(model, gone))).toEqual(['a10', 'a20', 'a30'])
    expect(ids(settled(model, { ...gone, nowMs: 8_000 }))).toEqual(['a10', 'a30'])
  })
  it('takes no row away from above the pointer', () => {
    const pointed = { ...holding, pointed: 'a30' }
    const model = withChanges(
      modelOf(page(10, 20, 30, 40)),
      [
        { alert: closed, told: null },
        { alert: { ...at('a40', 40), state: 'closed', sequence: 2 }, told: null },
      ],
      pointed,
    )
    expect(ids(model)).toEqual(['a10', 'a20', 'a30'])
  })
  it('brings a row back that was undone', () => {
    const gone = withChanges(modelOf(page(10, 20)), [{ alert: closed, told: null }], idle)
    expect(ids(gone)).toEqual(['a10'])
    expect(ids(withChanges(gone, [{ alert: { ...at('a20', 20), sequence: 3 }, told: null }], idle))).toEqual(['a10', 'a20'])
  })
})

it('while it is held no change whatever moves what is above or under the pointer', () => {
  const change = fc.record({ due: fc.integer({ min: 1, max: 12 }), closes: fc.boolean(), moves: fc.integer({ min: 0, max: 99 }) })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), fc.integer({ min: 0, max: 5 }), (changes, pointedAt) => {
      let model = modelOf(page(2, 4, 6, 8, 10, 12))
      const pointed = model.rows[pointedAt]!.alert.id
      const before = ids(model).slice(0, pointedAt + 1)
      changes.forEach(({ due, closes, moves }, n) => {
        const alert = alertWith({ id: `a${due}`, nextDueAt: moves, state: closes ? 'closed' : 'new', sequence: 20 + n })
        model = withChanges(model, [{ alert, told: null }], { ...holding, pointed })
        expect(ids(model).slice(0, pointedAt + 1)).toEqual(before)
      })
    }),
  )
})

it('while nobody looks it is always in order, and counts what it shows', () => {
  const change = fc.record({ due: fc.integer({ min: 1, max: 12 }), closes: fc.boolean() })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      let model = modelOf(page(2, 4, 6))
      changes.forEach(({ due, closes }, n) => {
        model = withChanges(
          model,
          [{ alert: { ...at(`a${due}`, due), state: closes ? 'closed' : 'new', sequence: 20 + n }, told: null }],
          idle,
        )
      })
      expect(model.rows.map(({ alert }) => alert)).toEqual(model.rows.map(({ alert }) => alert).toSorted(compareIn(view)))
      expect(model.total).toBe(model.rows.length)
      expect(new Set(ids(model)).size).toBe(model.rows.length)
    }),
  )
})

describe('pages and fetching anew', () => {
  it('a page adds only what is not there', () =>
    expect(ids(withPage(modelOf(page(10, 20)), { ...page(20, 30), next: null }))).toEqual(['a10', 'a20', 'a30']))
  it('fetched anew under the cursor, rows stay and new ones wait', () => {
    const model = reconciled(modelOf(page(10, 20)), page(5, 20), { ...holding, current: 'a10' })
    expect(ids(model)).toEqual(['a10', 'a20'])
    expect(model.rows[0]?.leaving).toBe(true)
    expect(model.held.map(({ id }) => id)).toEqual(['a5'])
  })
})
