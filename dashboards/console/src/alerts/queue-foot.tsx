import type { AlertActions } from '../alert/use-alert-actions.tsx'
import { ActionButton } from '../parts/button.tsx'
import { useDesk } from '../desk.ts'
import { useStore } from '../state/store.ts'

const hints = [
  [['J', 'K'], 'move'],
  [['X'], 'mark'],
  [['A'], 'acknowledge'],
  [['M'], 'mine'],
  [['E'], 'close'],
  [['Z'], 'snooze'],
  [['U'], 'undo'],
  [['?'], 'all keys'],
] as const

export const KeyHints = () => {
  const on = useStore(useDesk().preferences, ({ singleKeys }) => singleKeys)
  return (
    <div className="foot hints">
      {on
        ? hints.map(([caps, title]) => (
            <span key={title}>
              {caps.map((cap) => (
                <kbd key={cap}>{cap}</kbd>
              ))}
              {title}
            </span>
          ))
        : 'Single keys are switched off in Settings.'}
    </div>
  )
}

export const BulkBar = ({ count, actions, onClear }: { count: number; actions: AlertActions; onClear: () => void }) => (
  <div className="foot bulk" role="toolbar" aria-label="Marked alerts">
    <b>{count} marked</b>
    <ActionButton label="Acknowledge" caps="A" whyNot={actions.whyNot.acknowledge} onPress={actions.run.acknowledge} />
    <ActionButton label="Assign" caps="⇧M" whyNot={actions.whyNot.assign} onPress={actions.run.assign} />
    <ActionButton label="Snooze" caps="Z" whyNot={actions.whyNot.snooze} onPress={actions.run.snooze} />
    <ActionButton label="Close" caps="E" whyNot={actions.whyNot.close} onPress={actions.run.close} />
    <span className="grow" />
    <ActionButton label="Clear" caps="Esc" onPress={onClear} />
  </div>
)
