import { useState } from 'react'
import { useDesk } from '../../desk.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { dayTime } from '../../parts/format.ts'
import { subjectOf, type ActionDialogProps } from './subject.ts'
import { snoozeChoices } from './snooze-choices.ts'

/** Digits pick; a time of one's own is in a field. */
export const SnoozeDialog = ({ alerts, onAct, onClose }: ActionDialogProps) => {
  const { clock } = useDesk()
  const [nowMs] = useState(() => clock.nowMs())
  const [own, setOwn] = useState('')
  const choices = snoozeChoices(nowMs)
  const ownMs = own === '' ? null : new Date(own).getTime()
  const pick = (until: number) => onAct({ type: 'snooze', until })
  return (
    <Dialog
      title={alerts.length === 1 ? 'Snooze until' : `Snooze ${alerts.length} alerts until`}
      text={subjectOf(alerts)}
      onClose={onClose}
    >
      <div
        className="dialog-body"
        onKeyDown={(event) => {
          const choice = event.target instanceof HTMLInputElement ? undefined : choices[Number(event.key) - 1]
          if (choice !== undefined) pick(choice.until)
        }}
      >
        <div className="choices">
          {choices.map(({ title, until }, at) => (
            <button key={title} type="button" className="choice" onClick={() => pick(until)}>
              {title} <span className="muted mono">{dayTime(until, nowMs).slice(0, 12)}</span>
              <kbd aria-hidden="true">{at + 1}</kbd>
            </button>
          ))}
        </div>
        <form
          className="inline-form"
          onSubmit={(event) => {
            event.preventDefault()
            if (ownMs !== null && ownMs > nowMs) pick(ownMs)
          }}
        >
          <label className="field grow">
            <span>Another time, within 7 days</span>
            <input className="input" type="datetime-local" value={own} onChange={(event) => setOwn(event.currentTarget.value)} />
          </label>
          <button type="submit" className="button" disabled={ownMs === null || !(ownMs > nowMs)}>
            Snooze
          </button>
        </form>
        <p className="hint">It comes back at that time, or at once when it gets worse.</p>
      </div>
    </Dialog>
  )
}
