import type { Severity } from '../../../../contracts/finding.ts'

const shapes: Readonly<Record<Severity, React.ReactNode>> = {
  critical: <path d="M4.1 1h5.8L13 4.1v5.8L9.9 13H4.1L1 9.9V4.1z" fill="currentColor" />,
  high: <path d="M7 1.6 13.2 12.6H.8z" fill="currentColor" />,
  medium: <path d="M7 .8 13.2 7 7 13.2.8 7z" fill="currentColor" />,
  low: <circle cx="7" cy="7" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.8" />,
}

/** A severity's own shape in its colour: critical octagon, high triangle, medium diamond, low ring. */
export const SeverityMark = ({ severity, size = 12, label = false }: { severity: Severity; size?: number; label?: boolean }) => (
  <svg
    className={`f-${severity}`}
    width={size}
    height={size}
    viewBox="0 0 14 14"
    {...(label ? { role: 'img', 'aria-label': severity } : { 'aria-hidden': true })}
  >
    {shapes[severity]}
  </svg>
)
