import { useState } from 'react'
import type { Verdict } from '../../../../../contracts/alert.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Foot, isSubmit } from './foot.tsx'
import { reasonCharactersMax, verdicts } from './limits.ts'
import { subjectOf, type ActionDialogProps } from './subject.ts'

/** A verdict and a reason: both go into the chain. Digits pick the verdict. */
export const CloseDialog = ({ alerts, onAct, onClose }: ActionDialogProps) => {
  const [verdict, setVerdict] = useState<Verdict | null>(null)
  const [reason, setReason] = useState('')
  const missing = verdict === null ? 'Pick a verdict' : reason.trim() === '' ? 'A reason is required' : null
  const submit = () => {
    if (verdict !== null && missing === null) onAct({ type: 'close', verdict, reason: reason.trim() })
  }
  return (
    <Dialog title={alerts.length === 1 ? 'Close alert' : `Close ${alerts.length} alerts`} text={subjectOf(alerts)} onClose={onClose}>
      <form
        className="dialog-body"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
        onKeyDown={(event) => {
          if (isSubmit(event)) submit()
          const picked = event.target instanceof HTMLTextAreaElement ? undefined : verdicts[Number(event.key) - 1]
          if (picked === undefined) return
          event.preventDefault()
          setVerdict(picked[0])
          event.currentTarget.querySelector('textarea')?.focus()
        }}
      >
        <fieldset className="choices">
          <legend className="label">Verdict</legend>
          {verdicts.map(([value, title, hint], at) => (
            <label key={value} className="choice">
              <input type="radio" name="verdict" value={value} checked={verdict === value} onChange={() => setVerdict(value)} />
              {title} <span className="muted">{hint}</span>
              <kbd aria-hidden="true">{at + 1}</kbd>
            </label>
          ))}
        </fieldset>
        <label className="field">
          <span>Reason</span>
          <textarea
            className="input"
            value={reason}
            maxLength={reasonCharactersMax}
            onChange={(event) => setReason(event.currentTarget.value)}
            required
          />
        </label>
      </form>
      <Foot label="Close" missing={missing} onSubmit={submit} onClose={onClose} />
    </Dialog>
  )
}
