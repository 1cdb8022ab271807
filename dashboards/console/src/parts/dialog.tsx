import { Dialog as Base } from '@base-ui/react/dialog'

/** A modal dialog: focus stays in it and goes back after it, Escape closes. */
export const Dialog = ({
  title,
  text,
  wide = false,
  onClose,
  children,
}: {
  title: string
  text?: React.ReactNode
  wide?: boolean
  onClose: () => void
  children: React.ReactNode
}) => (
  <Base.Root
    open
    onOpenChange={(open) => {
      if (!open) onClose()
    }}
  >
    <Base.Portal>
      <Base.Backdrop className="backdrop" />
      <Base.Popup className={`dialog ${wide ? 'wide' : ''}`}>
        <div className="dialog-head">
          <Base.Title>{title}</Base.Title>
          {text === undefined ? null : <Base.Description>{text}</Base.Description>}
        </div>
        {children}
      </Base.Popup>
    </Base.Portal>
  </Base.Root>
)
