import type { AlertView } from '../../../../../contracts/api/alerts.ts'
import type { DeskAction } from '../../alerts/optimistic.ts'
import type { DialogKind } from '../use-alert-actions.tsx'
import { AssignDialog } from './assign-dialog.tsx'
import { CloseDialog } from './close-dialog.tsx'
import { ContainDialog } from './contain-dialog.tsx'
import { NoteDialog } from './note-dialog.tsx'
import { SnoozeDialog } from './snooze-dialog.tsx'
import { SuppressDialog } from './suppress-dialog.tsx'

export interface ActionDialogProps {
  readonly alerts: readonly AlertView[]
  readonly onAct: (action: DeskAction) => void
  readonly onClose: () => void
}

const dialogs = {
  assign: AssignDialog,
  close: CloseDialog,
  contain: ContainDialog,
  note: NoteDialog,
  snooze: SnoozeDialog,
  suppress: SuppressDialog,
} as const satisfies Record<DialogKind, React.ComponentType<ActionDialogProps>>

const ActionDialog = ({ kind, ...props }: ActionDialogProps & { readonly kind: DialogKind }) => {
  const Chosen = dialogs[kind]
  return <Chosen {...props} />
}
export default ActionDialog

/** What the dialog is about, under its title. */
export const subjectOf = (alerts: readonly AlertView[]): string =>
  alerts.length === 1 ? `${alerts[0]!.title} on ${alerts[0]!.device}` : `${alerts.length} alerts`
