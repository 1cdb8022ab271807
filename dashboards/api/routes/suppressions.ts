import type { Handlers } from '../handler.ts'
import type { ApiParts } from '../parts.ts'
import { notFound } from '../refusal.ts'

type Ids = 'listSuppressions' | 'addSuppression' | 'endSuppression'

const hourMs = 3_600_000

export const suppressionRoutes = ({ desk, clock }: Pick<ApiParts, 'desk' | 'clock'>): Handlers<Ids> => ({
  listSuppressions: () => ({ answer: { items: [...desk.suppressions()] } }),
  addSuppression: async ({ who, body: { detector, scope, reason, expiresInHours } }) => ({
    answer: await desk.suppress(who.account, { detector, scope, reason, expiresAt: Math.round(clock.now() + expiresInHours * hourMs) }),
  }),
  async endSuppression({ who, at }) {
    const ended = await desk.endSuppression(who.account, at.id)
    return ended === null ? notFound('suppression in force') : { answer: ended }
  },
})
