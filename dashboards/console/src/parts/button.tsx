/** A button that says which key does the same, and, when it can't be used, why. */
export const ActionButton = ({
  icon,
  label,
  caps,
  tone = 'plain',
  whyNot = null,
  onPress,
}: {
  icon?: React.ReactNode
  label: string
  caps?: string | undefined
  tone?: 'plain' | 'primary' | 'danger'
  whyNot?: string | null
  onPress: () => void
}) => (
  <button
    type="button"
    className={`button ${tone}`}
    // Not `disabled`: a focus can rest on it, and so its reason is read out.
    aria-disabled={whyNot !== null}
    title={whyNot ?? undefined}
    aria-keyshortcuts={caps}
    onClick={() => {
      if (whyNot === null) onPress()
    }}
  >
    {icon}
    <span>{label}</span>
    {whyNot === null ? null : <span className="sr">({whyNot})</span>}
    {caps === undefined ? null : <kbd aria-hidden="true">{caps}</kbd>}
  </button>
)
