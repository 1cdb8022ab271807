import type { DialogKind } from '../use-alert-actions.tsx'
import { AssignDialog } from './assign-dialog.tsx'
import { CloseDialog } from './close-dialog.tsx'
import { ContainDialog } from './contain-dialog.tsx'
import { NoteDialog } from './note-dialog.tsx'
import { SnoozeDialog } from './snooze-dialog.tsx'
import type { ActionDialogProps } from './subject.ts'
import { SuppressDialog } from './suppress-dialog.tsx'

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
