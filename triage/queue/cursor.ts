import { z } from 'zod'
import type { Place } from './ordered.ts'
import type { Order } from './row.ts'

const written = z.tuple([z.enum(['due', 'newest', 'score']), z.number(), z.number(), z.string().max(64)])

/** A page's end is a place in the order, not a count of rows: no row that stays in its place is skipped or comes twice when others move. */
export const writeCursor = (order: Order, { a, b, id }: Place): string =>
  Buffer.from(JSON.stringify([order, a, b, id])).toString('base64url')

/** Null for a text that is no cursor of this order. */
export const readCursor = (order: Order, text: string): Place | null => {
  try {
    const parsed = written.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    if (!parsed.success || parsed.data[0] !== order) return null
    const [, a, b, id] = parsed.data
    return { a, b, id }
  } catch {
    return null
  }
}
