import { useState } from 'react'

/** Something that is shown this once: a one-time link, a token. */
export const SecretNote = ({ title, secret, hint, onDone }: { title: string; secret: string; hint: string; onDone: () => void }) => {
  const [copied, setCopied] = useState(false)
  return (
    <div className="secret" role="status">
      <b>{title}</b>
      <code className="mono">{secret}</code>
      <span className="hint">{hint}</span>
      <span className="secret-buttons">
        <button
          type="button"
          className="button small"
          onClick={() => {
            // Without a secure context there is no clipboard: the text can be picked by hand.
            void navigator.clipboard?.writeText(secret).then(() => setCopied(true))
          }}
        >
          {copied ? 'Copied' : 'Copy'}
        </button>
        <button type="button" className="button small" onClick={onDone}>
          Done
        </button>
      </span>
    </div>
  )
}
