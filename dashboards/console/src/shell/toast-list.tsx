import { X } from 'lucide-react'
import { useDesk } from '../desk.ts'
import { useNowMs } from '../live/use-now.ts'
import { useStore } from '../state/store.ts'
import type { Toast } from '../state/toasts.ts'

const Left = ({ untilMs }: { untilMs: number }) => {
  useNowMs()
  return <span className="mono">{Math.max(0, Math.ceil((untilMs - Date.now()) / 1_000))}</span>
}

const One = ({ toast }: { toast: Toast }) => {
  const { toasts } = useDesk()
  return (
    <li className={`toast ${toast.tone}`}>
      <span className="grow" role={toast.tone === 'problem' ? 'alert' : 'status'}>
        {toast.text}
        {toast.requestId === null || toast.requestId === '' ? null : <span className="muted mono"> {toast.requestId}</span>}
      </span>
      {toast.undo === null ? null : (
        <button
          type="button"
          className="button small"
          onClick={() => {
            toasts.dismiss(toast.id)
            toast.undo?.()
          }}
        >
          Undo <kbd aria-hidden="true">U</kbd> <Left untilMs={toast.untilMs} />
        </button>
      )}
      <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => toasts.dismiss(toast.id)}>
        <X className="icon" aria-hidden="true" />
      </button>
    </li>
  )
}

export const ToastList = () => {
  const list = useStore(useDesk().toasts.list)
  return (
    <aside aria-label="Messages">
      <ol className="toasts">
        {list.map((toast) => (
          <One key={toast.id} toast={toast} />
        ))}
      </ol>
    </aside>
  )
}
