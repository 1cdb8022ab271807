import { Link } from 'wouter'
import { useDesk } from '../desk.ts'
import { Dialog } from '../parts/dialog.tsx'
import { useStore } from '../state/store.ts'
import { keymap } from './keymap.ts'

const groups = ['Queue', 'Alert', 'Plot', 'Device', 'Go to', 'Everywhere'] as const

/** Every key there is, from the same table that binds them. */
const KeysHelp = ({ onClose }: { onClose: () => void }) => {
  const on = useStore(useDesk().preferences, ({ singleKeys }) => singleKeys)
  return (
    <Dialog title="Keys" wide onClose={onClose} text={on ? 'Ignored while you type.' : 'Single keys are switched off in Settings.'}>
      <div className="keys" tabIndex={0} role="region" aria-label="All keys">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {keymap
                .filter((entry) => entry.group === group)
                .map((entry) => (
                  <div key={entry.id}>
                    <dt>{entry.title}</dt>
                    <dd>
                      {entry.caps.map((cap) => (
                        <kbd key={cap}>{cap}</kbd>
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <div className="dialog-foot">
        <Link href="/settings/you" className="button quiet" onClick={onClose}>
          Switch single keys on or off
        </Link>
        <span className="grow" />
        <button type="button" className="button" onClick={onClose}>
          Close <kbd aria-hidden="true">Esc</kbd>
        </button>
      </div>
    </Dialog>
  )
}
export default KeysHelp
