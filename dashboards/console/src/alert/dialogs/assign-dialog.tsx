import { useState } from 'react'
import { Dialog } from '../../parts/dialog.tsx'
import { initialsOf } from '../../state/people.ts'
import { useMe } from '../../state/session.ts'
import { usePeople } from '../../state/use-people.ts'
import { subjectOf, type ActionDialogProps } from './subject.ts'

export const AssignDialog = ({ alerts, onAct, onClose }: ActionDialogProps) => {
  const me = useMe()
  const people = usePeople()
  const [words, setWords] = useState('')
  const [at, setAt] = useState(0)
  const wanted = words.toLowerCase()
  const found = people
    .filter(({ account, displayName }) => `${account} ${displayName}`.toLowerCase().includes(wanted))
    .toSorted((a, b) => Number(b.account === me.account) - Number(a.account === me.account))
  const owned = alerts.some(({ owner }) => owner !== null)
  const choices: readonly { readonly owner: string | null; readonly name: string }[] = [
    ...found.map(({ account, displayName }) => ({ owner: account, name: displayName })),
    ...(owned && words === '' ? [{ owner: null, name: 'Nobody: give it back' }] : []),
  ]
  const chosen = Math.min(at, choices.length - 1)
  return (
    <Dialog title="Assign to" text={subjectOf(alerts)} onClose={onClose}>
      <div className="dialog-body">
        <input
          className="input"
          role="combobox"
          aria-expanded="true"
          aria-controls="assign-people"
          aria-activedescendant={choices.length === 0 ? undefined : `assign-${chosen}`}
          aria-label="Name"
          placeholder="Name"
          value={words}
          onChange={(event) => {
            setWords(event.currentTarget.value)
            setAt(0)
          }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, choices.length - 1))
            else if (event.key === 'ArrowUp') setAt(Math.max(0, chosen - 1))
            else if (event.key === 'Enter' && choices[chosen] !== undefined) onAct({ type: 'assign', owner: choices[chosen].owner })
            else return
            event.preventDefault()
          }}
        />
        <div className="choices" role="listbox" id="assign-people" aria-label="People">
          {choices.map(({ owner, name }, index) => (
            <div
              key={owner ?? ''}
              id={`assign-${index}`}
              role="option"
              aria-selected={index === chosen}
              className="choice"
              onClick={() => onAct({ type: 'assign', owner })}
            >
              <span className="me" aria-hidden="true">
                {owner === null ? '–' : initialsOf(name)}
              </span>
              {name} <span className="muted">{owner ?? ''}</span>
            </div>
          ))}
        </div>
      </div>
    </Dialog>
  )
}
