import { useState } from 'react'
import { Dialog } from '../../parts/dialog.tsx'
import { subjectOf, type ActionDialogProps } from './subject.ts'
import { reasonCharactersMax } from './limits.ts'
import { Foot, isSubmit } from './foot.tsx'

/** Records that a person has contained the device: Wardwatch itself takes nothing off the network. */
export const ContainDialog = ({ alerts, onAct, onClose }: ActionDialogProps) => {
  const [reason, setReason] = useState('')
  const [agreed, setAgreed] = useState(false)
  const ward = alerts[0]?.ward ?? 'the ward'
  const missing = reason.trim() === '' ? 'Say how it was contained' : agreed ? null : 'Confirm the clinical side'
  const submit = () => {
    if (missing === null) onAct({ type: 'contain', reason: reason.trim() })
  }
  return (
    <Dialog title="Record containment" text={subjectOf(alerts)} onClose={onClose}>
      <div
        className="dialog-body"
        onKeyDown={(event) => {
          if (isSubmit(event)) submit()
        }}
      >
        <p className="impact">
          <span>
            <b>This records, it does not contain.</b> The device goes on as it is until somebody has revoked it, pulled its cable or moved
            its port. It may be on a patient.
          </span>
        </p>
        <label className="field">
          <span>How it was contained</span>
          <textarea
            className="input"
            value={reason}
            maxLength={reasonCharactersMax}
            placeholder="e.g. switch port moved to the quarantine VLAN, therapy goes on locally"
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <label className="check">
          <input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.currentTarget.checked)} />
          {ward} knows, and the patient is looked after.
        </label>
      </div>
      <Foot label="Record" tone="danger" missing={missing} onSubmit={submit} onClose={onClose} />
    </Dialog>
  )
}
