import { z } from 'zod'

/** A member of a group, with what it says it had. */
export interface AssignableMember {
  readonly id: string
  /** `topic/partition`. */
  readonly had: ReadonlySet<string>
}

export interface AssignableTopic {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** Partitions by topic by member. */
export type Assigned = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>

/**
 * Who gets which partition: of each topic everybody the same number, give or take one, and whoever had a partition keeps it where that
 * allows: its state is in memory there. Who gets one more of a topic is who has the fewest of all. The same question has the same answer.
 */
export const assignSticky = (topics: readonly AssignableTopic[], members: readonly AssignableMember[]): Assigned => {
  const sorted = members.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const result = new Map<string, Record<string, number[]>>(sorted.map(({ id }) => [id, {}]))
  const totals = new Map<string, number>(sorted.map(({ id }) => [id, 0]))
  for (const { topic, partitions } of topics.toSorted((a, b) => (a.topic < b.topic ? -1 : 1))) {
    const least = Math.floor(partitions.length / sorted.length)
    let more = partitions.length % sorted.length
    const got = new Map<string, number[]>(sorted.map(({ id }) => [id, []]))
    const byTotal = (): AssignableMember[] => sorted.toSorted((a, b) => totals.get(a.id)! - totals.get(b.id)!)
    const left = new Set(partitions)
    const keep = (member: AssignableMember, most: number): void => {
      const mine = got.get(member.id)!
      for (const partition of left) {
        if (mine.length >= most) return
        if (!member.had.has(`${topic}/${partition}`)) continue
        mine.push(partition)
        left.delete(partition)
      }
    }
    for (const member of sorted) keep(member, least)
    for (const member of byTotal()) {
      if (more === 0) break
      const before = got.get(member.id)!.length
      keep(member, least + 1)
      if (got.get(member.id)!.length > Math.max(before, least)) more--
    }
    for (const most of [least, least + 1])
      for (const { id } of byTotal())
        for (const partition of left) {
          const mine = got.get(id)!
          if (mine.length >= most) break
          mine.push(partition)
          left.delete(partition)
        }
    for (const [id, mine] of got) {
      if (mine.length > 0) result.get(id)![topic] = mine.toSorted((a, b) => a - b)
      totals.set(id, totals.get(id)! + mine.length)
    }
  }
  return result
}

/** What a member says that it had: a hint, so that one that can't be read is none. */
export const hadOf = (text: string): ReadonlySet<string> => {
  try {
    return new Set(z.array(z.string()).parse(JSON.parse(text)))
  } catch {
    return new Set()
  }
}
