import type { Handlers } from '../handler.ts'
import type { ApiParts } from '../parts.ts'
import { notFound, refuse } from '../refusal.ts'

type Ids = 'listSuppressions' | 'addSuppression' | 'endSuppression'

const hourMs = 3_600_000

export const suppressionRoutes = ({ desk, clock }: Pick<ApiParts, 'desk' | 'clock'>): Handlers<Ids> => ({
  listSuppressions: () => ({ answer: { items: [...desk.suppressions()] } }),
  async addSuppression({ who, body: { detector, scope, reason, expiresInHours } }) {
    try {
      const expiresAt = Math.floor(clock.now() + expiresInHours * hourMs)
      return { answer: await desk.suppress(who.account, { detector, scope, reason, expiresAt }) }
    } catch (error) {
      // What the schema lets through and the desk does not: there are too many.
      if (error instanceof RangeError) return refuse(409, 'not-now', 'That can not be suppressed now', { detail: error.message })
      throw error
    }
  },
  async endSuppression({ who, at }) {
    const ended = await desk.endSuppression(who.account, at.id)
    return ended === null ? notFound('suppression in force') : { answer: ended }
  },
})
