import { lazy, Suspense, useState } from 'react'
import { useLocation } from 'wouter'
import { useKeys } from '../keys/use-keys.ts'
import { useDesk } from '../desk.ts'
import { Rail } from './rail.tsx'
import { ReadsOnlyBar } from './reads-only-bar.tsx'
import { StaleBar } from './stale-bar.tsx'
import { ToastList } from './toast-list.tsx'
import { TopBar } from './top-bar.tsx'

const Palette = lazy(() => import('./palette.tsx'))
const KeysHelp = lazy(() => import('../keys/keys-help.tsx'))

/** What stands around every screen. */
export const Shell = ({ children }: { children: React.ReactNode }) => {
  const { keyboard, toasts } = useDesk()
  const [open, setOpen] = useState<'search' | 'commands' | 'keys' | null>(null)
  const show = (what: 'search' | 'commands' | 'keys') => {
    // One that is there already takes no focus, which would end the wait.
    if (open === null || (open === 'keys') !== (what === 'keys')) keyboard.awaitDialog()
    setOpen(what)
  }
  const [, navigate] = useLocation()
  useKeys({
    'go.alerts': () => navigate('/alerts'),
    'go.devices': () => navigate('/devices'),
    'go.pipeline': () => navigate('/pipeline'),
    'go.settings': () => navigate('/settings'),
    search: () => show('search'),
    palette: () => show('commands'),
    keys: () => show('keys'),
    undo: () => {
      if (!toasts.undoLast()) toasts.show({ text: 'Nothing to undo: an action can be taken back for 10 s.' })
    },
  })
  return (
    <div className="shell">
      <Rail onKeys={() => show('keys')} />
      <div className="stage">
        <TopBar onSearch={() => show('search')} />
        <StaleBar />
        <ReadsOnlyBar />
        <main className="screen">{children}</main>
      </div>
      <ToastList />
      <Suspense>
        {open === 'search' || open === 'commands' ? <Palette commands={open === 'commands'} onClose={() => setOpen(null)} /> : null}
        {open === 'keys' ? <KeysHelp onClose={() => setOpen(null)} /> : null}
      </Suspense>
    </div>
  )
}
