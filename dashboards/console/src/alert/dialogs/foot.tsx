/** Ctrl/Cmd+Enter sends a dialog, also from a text with several lines. */
export const isSubmit = (event: React.KeyboardEvent): boolean => event.key === 'Enter' && (event.ctrlKey || event.metaKey)

export const Foot = ({
  label,
  missing,
  tone = 'primary',
  onSubmit,
  onClose,
}: {
  label: string
  missing: string | null
  tone?: 'primary' | 'danger'
  onSubmit: () => void
  onClose: () => void
}) => (
  <div className="dialog-foot">
    <span className="hint grow" role="status">
      {missing ?? ''}
    </span>
    <button type="button" className="button quiet" onClick={onClose}>
      Cancel <kbd aria-hidden="true">Esc</kbd>
    </button>
    <button
      type="button"
      className={`button ${tone}`}
      aria-disabled={missing !== null}
      onClick={() => (missing === null ? onSubmit() : undefined)}
    >
      {label} <kbd aria-hidden="true">Ctrl ↵</kbd>
    </button>
  </div>
)
