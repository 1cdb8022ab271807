import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useDesk } from '../../desk.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import type { ActionDialogProps } from './subject.ts'
import { reasonCharactersMax, suppressionHours } from './limits.ts'
import { Foot, isSubmit } from './foot.tsx'

/** One detector on one device or one model for a while: what it hides is counted and shown in Settings. */
export const SuppressDialog = ({ alerts, onClose }: ActionDialogProps) => {
  const { client, toasts } = useDesk()
  const queries = useQueryClient()
  const alert = alerts[0]!
  const [on, setOn] = useState<'device' | 'model'>('device')
  const [expiresInHours, setHours] = useState(8)
  const [reason, setReason] = useState('')
  const add = useMutation({
    mutationFn: () =>
      client.call('addSuppression', {
        body: {
          detector: alert.detector,
          scope: on === 'model' && alert.model !== null ? { model: alert.model } : { device: alert.device },
          reason: reason.trim(),
          expiresInHours,
        },
      }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['suppressions'] })
      void queries.invalidateQueries({ queryKey: ['summary'] })
      toasts.show({ text: 'Suppressed. Settings shows what it hides, and ends it.' })
      onClose()
    },
  })
  const missing = reason.trim() === '' ? 'A reason is required' : add.isPending ? 'Wait' : null
  return (
    <Dialog
      title="Suppress"
      text={`Later findings of ${alert.detector} are hidden and counted. This alert stays as it is.`}
      onClose={onClose}
    >
      <div
        className="dialog-body"
        onKeyDown={(event) => {
          if (isSubmit(event) && missing === null) add.mutate()
        }}
      >
        <fieldset className="choices">
          <legend className="label">Where</legend>
          <label className="choice">
            <input type="radio" name="scope" checked={on === 'device'} onChange={() => setOn('device')} /> Only on{' '}
            <span className="mono cut">{alert.device}</span>
          </label>
          {alert.model === null ? null : (
            <label className="choice">
              <input type="radio" name="scope" checked={on === 'model'} onChange={() => setOn('model')} /> On every{' '}
              <span className="cut">{alert.model}</span>
            </label>
          )}
        </fieldset>
        <label className="field">
          <span>For</span>
          <select className="input" value={expiresInHours} onChange={(event) => setHours(Number(event.currentTarget.value))}>
            {suppressionHours.map(([value, title]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>Reason</span>
          <textarea
            className="input"
            value={reason}
            maxLength={reasonCharactersMax}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        {add.isError ? <ProblemNote error={add.error} /> : null}
      </div>
      <Foot label="Suppress" missing={missing} onSubmit={() => add.mutate()} onClose={onClose} />
    </Dialog>
  )
}
