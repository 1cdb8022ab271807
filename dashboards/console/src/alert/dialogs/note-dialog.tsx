import { useState } from 'react'
import { Dialog } from '../../parts/dialog.tsx'
import { subjectOf, type ActionDialogProps } from './subject.ts'
import { Foot, isSubmit } from './foot.tsx'
import { noteCharactersMax } from './limits.ts'

export const NoteDialog = ({ alerts, onAct, onClose }: ActionDialogProps) => {
  const [note, setNote] = useState('')
  const missing = note.trim() === '' ? 'Write something' : null
  const submit = () => {
    if (missing === null) onAct({ type: 'note', note: note.trim() })
  }
  return (
    <Dialog title="Note" text={`${subjectOf(alerts)}. A note stays: it can't be changed or taken back.`} onClose={onClose}>
      <div
        className="dialog-body"
        onKeyDown={(event) => {
          if (isSubmit(event)) submit()
        }}
      >
        <label className="field">
          <span>Note</span>
          <textarea
            className="input"
            rows={6}
            value={note}
            maxLength={noteCharactersMax}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
        </label>
      </div>
      <Foot label="Write" missing={missing} onSubmit={submit} onClose={onClose} />
    </Dialog>
  )
}
