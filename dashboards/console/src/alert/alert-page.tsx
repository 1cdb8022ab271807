import { ArrowLeft } from 'lucide-react'
import { Link, useLocation } from 'wouter'
import { useKeys } from '../keys/use-keys.ts'
import { usePeople } from '../state/use-people.ts'
import { AlertPanel } from './alert-panel.tsx'
import { useAlert } from './use-alert.ts'
import { useAlertActions } from './use-alert-actions.tsx'

/** An alert at its own address: what a page or a colleague links to. */
const AlertPage = ({ id }: { id: string }) => {
  const [, navigate] = useLocation()
  usePeople()
  const alert = useAlert(id).data?.alert
  const actions = useAlertActions(alert === undefined ? [] : [alert])
  const back = () => {
    if (window.history.length > 1) window.history.back()
    else navigate('/alerts')
  }
  useKeys({ back })
  return (
    <div className="alert-page">
      <div className="crumb">
        <Link href={`/alerts?alert=${encodeURIComponent(id)}`} className="button quiet small">
          <ArrowLeft className="icon" aria-hidden="true" /> Alerts <kbd aria-hidden="true">Esc</kbd>
        </Link>
      </div>
      <AlertPanel id={id} row={undefined} actions={actions} />
      {actions.dialog}
    </div>
  )
}
export default AlertPage
