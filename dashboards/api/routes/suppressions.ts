import type { SuppressionScope } from '../../../contracts/suppression.ts'
import type { Handlers } from '../handler.ts'
import type { ApiParts } from '../parts.ts'
import { notFound, refuse } from '../refusal.ts'

type Ids = 'listSuppressions' | 'addSuppression' | 'endSuppression'

const hourMs = 3_600_000

export const suppressionRoutes = ({
  desk,
  clock,
  directory,
  runbook,
}: Pick<ApiParts, 'desk' | 'clock' | 'directory' | 'runbook'>): Handlers<Ids> => {
  /** A slip of the pen must not wait for months to hide something; and `unknown`, which every device has that was enrolled without a model, is no model. */
  const whatIsUnknown = (detector: string, scope: SuppressionScope): string | null => {
    if (runbook(detector) === null) return `There is no detector ${detector}.`
    if ('device' in scope)
      return directory.device(scope.device) === undefined && desk.onDevice(scope.device, 1).length === 0
        ? `No device ${scope.device} is enrolled or has an alert.`
        : null
    if (scope.model === 'unknown') return 'The model "unknown" says nothing of a device: name the device.'
    for (const { model } of directory.devices()) if (model === scope.model) return null
    return `No device of the model ${scope.model} is enrolled.`
  }
  return {
    listSuppressions: () => ({ answer: { items: [...desk.suppressions()] } }),
    async addSuppression({ who, body: { detector, scope, reason, expiresInHours } }) {
      const unknown = whatIsUnknown(detector, scope)
      if (unknown !== null) return refuse(409, 'unknown', 'There is no such thing to suppress', { detail: unknown })
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
  }
}
