import { useEffect } from 'react'
import type { Answer } from '../../../../contracts/api/routes.ts'
import { useDesk, type Desk } from '../desk.ts'
import { createStore, useStore, type Store } from '../state/store.ts'

export type Spark = Answer<'alertSparks'>['sparks'][string]

const idsMax = 60
const waitMs = 60
const freshMs = 60_000
const rememberedMax = 2_000

interface Sparks {
  readonly store: Store<ReadonlyMap<string, Spark>>
  want(ids: readonly string[]): void
}

const made = new WeakMap<Desk, Sparks>()

/** Small plots are asked for in groups, for the rows that are in sight. */
const sparksOf = (desk: Desk): Sparks => {
  const known = made.get(desk)
  if (known !== undefined) return known
  const store = createStore<ReadonlyMap<string, Spark>>(new Map())
  const askedAt = new Map<string, number>()
  let wanted = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | null = null
  const ask = async () => {
    timer = null
    const ids = [...wanted].slice(0, idsMax)
    wanted = new Set([...wanted].slice(idsMax))
    if (wanted.size > 0) timer = setTimeout(() => void ask(), waitMs)
    try {
      const { sparks } = await desk.client.call('alertSparks', { query: { ids: ids.join(',') } })
      store.set((now) => new Map([...[...now].slice(-rememberedMax), ...Object.entries(sparks)]))
    } catch {
      // A row without its plot is still a row; it is asked for again when it comes in sight later.
      for (const id of ids) askedAt.delete(id)
    }
  }
  const sparks: Sparks = {
    store,
    want: (ids) => {
      const now = desk.clock.nowMs()
      for (const id of ids) {
        if (now - (askedAt.get(id) ?? 0) < freshMs) continue
        askedAt.set(id, now)
        wanted.add(id)
      }
      if (wanted.size > 0) timer ??= setTimeout(() => void ask(), waitMs)
    },
  }
  made.set(desk, sparks)
  return sparks
}

export const useWantSparks = (ids: readonly string[]): void => {
  const desk = useDesk()
  const text = ids.join(',')
  useEffect(() => {
    if (text !== '') sparksOf(desk).want(text.split(','))
  }, [desk, text])
}

export const useSpark = (id: string): Spark | undefined => useStore(sparksOf(useDesk()).store, (all) => all.get(id))
