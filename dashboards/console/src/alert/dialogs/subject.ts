import type { AlertView } from '../../../../../contracts/api/alerts.ts'
import type { DeskAction } from '../../alerts/optimistic.ts'

export interface ActionDialogProps {
  readonly alerts: readonly AlertView[]
  readonly onAct: (action: DeskAction) => void
  readonly onClose: () => void
}

/** What the dialog is about, under its title. */
export const subjectOf = (alerts: readonly AlertView[]): string =>
  alerts.length === 1 ? `${alerts[0]!.title} on ${alerts[0]!.device}` : `${alerts.length} alerts`
