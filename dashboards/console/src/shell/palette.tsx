import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { useLocation } from 'wouter'
import { Dialog as Base } from '@base-ui/react/dialog'
import { useDesk } from '../desk.ts'
import { keymap } from '../keys/keymap.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { SeverityMark } from '../parts/severity.tsx'

interface Entry {
  readonly id: string
  readonly group: 'Alerts' | 'Devices' | 'Commands'
  readonly mark: React.ReactNode
  readonly title: string
  readonly hint: string
  readonly caps: readonly string[]
  readonly run: () => void
}

const notCommands = new Set(['search', 'palette', 'back'])

/** One field for everything: alerts and devices by words, and every command with its key. */
const Palette = ({ commands, onClose }: { commands: boolean; onClose: () => void }) => {
  const { client, keyboard, queryClient } = useDesk()
  const [, navigate] = useLocation()
  const [words, setWords] = useState('')
  const [at, setAt] = useState(0)
  const q = useDeferredValue(words.trim())
  const found = useQuery(
    {
      queryKey: ['search', q],
      enabled: q !== '',
      queryFn: ({ signal }) => client.call('search', { query: { q, limit: 12 }, signal }),
      placeholderData: (before) => before,
    },
    queryClient,
  )
  const close = (then: () => void) => () => {
    onClose()
    // The dialog gives the focus back first: what comes may want it.
    setTimeout(then)
  }
  const wanted = words.trim().toLowerCase()
  const entries: readonly Entry[] = [
    ...(q === '' ? [] : (found.data?.alerts ?? [])).map((alert): Entry => ({
      id: `alert ${alert.id}`,
      group: 'Alerts',
      mark: <SeverityMark severity={alert.severity} label />,
      title: alert.title,
      hint: [alert.device, alert.ward, alert.state].filter((part) => part !== null).join(' · '),
      caps: [],
      run: close(() => navigate(`/alerts/${encodeURIComponent(alert.id)}`)),
    })),
    ...(q === '' ? [] : (found.data?.devices ?? [])).map((device): Entry => ({
      id: `device ${device.device}`,
      group: 'Devices',
      mark: null,
      title: device.device,
      hint: [device.model, device.ward, device.site].filter((part) => part !== null).join(' · '),
      caps: [],
      run: close(() => navigate(`/devices/${encodeURIComponent(device.device)}`)),
    })),
    ...keymap
      .filter(
        (entry) =>
          !notCommands.has(entry.id) && (commands || wanted !== '') && `${entry.group} ${entry.title}`.toLowerCase().includes(wanted),
      )
      .map((entry): Entry => ({
        id: `command ${entry.id}`,
        group: 'Commands',
        mark: null,
        title: entry.title,
        hint: entry.group,
        caps: entry.caps,
        run: close(() => keyboard.run(entry.id)),
      })),
  ]
  const chosen = Math.max(0, Math.min(at, entries.length - 1))
  return (
    <Base.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className="dialog wide palette">
          <Base.Title className="sr">Search</Base.Title>
          <input
            className="palette-input"
            role="combobox"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-activedescendant={entries.length === 0 ? undefined : `palette-${chosen}`}
            aria-label="Search alerts, devices and commands"
            placeholder={commands ? 'Type a command, or search' : 'Search alerts, devices, hosts'}
            maxLength={200}
            value={words}
            onChange={(event) => {
              setWords(event.currentTarget.value)
              setAt(0)
            }}
            onKeyDown={(event) => {
              if (event.key === 'ArrowDown') setAt(chosen + 1)
              else if (event.key === 'ArrowUp') setAt(Math.max(0, chosen - 1))
              else if (event.key === 'Enter') entries[chosen]?.run()
              else return
              event.preventDefault()
              requestAnimationFrame(() =>
                document
                  .getElementById(`palette-${Math.max(0, Math.min(chosen + (event.key === 'ArrowDown' ? 1 : -1), entries.length - 1))}`)
                  ?.scrollIntoView({ block: 'nearest' }),
              )
            }}
          />
          {found.isError ? <ProblemNote error={found.error} retry={() => void found.refetch()} /> : null}
          <div className="palette-list" id="palette-list" role="listbox" aria-label="Found">
            {entries.map((entry, index) => (
              <div
                key={entry.id}
                id={`palette-${index}`}
                role="option"
                aria-selected={index === chosen}
                className="choice"
                onClick={entry.run}
                onPointerMove={() => setAt(index)}
              >
                <span className="palette-group">{entries[index - 1]?.group === entry.group ? '' : entry.group}</span>
                {entry.mark}
                <span className="cut">{entry.title}</span>
                <span className="muted cut">{entry.hint}</span>
                <span className="palette-caps">
                  {entry.caps.map((cap) => (
                    <kbd key={cap}>{cap}</kbd>
                  ))}
                </span>
              </div>
            ))}
          </div>
          {entries.length === 0 ? (
            <p className="palette-none muted">
              {q === ''
                ? 'Words of an alert, a device, a ward, a model or an address.'
                : found.isFetching
                  ? 'Searching…'
                  : 'Nothing is like that.'}
            </p>
          ) : null}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
export default Palette
