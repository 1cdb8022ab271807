import { Activity, Bell, Cpu, Keyboard, Settings } from 'lucide-react'
import { Link, useLocation } from 'wouter'
import { initialsOf } from '../state/people.ts'
import { useMe } from '../state/session.ts'

const places = [
  { to: '/alerts', title: 'Alerts', Icon: Bell },
  { to: '/devices', title: 'Devices', Icon: Cpu },
  { to: '/pipeline', title: 'Pipeline', Icon: Activity },
  { to: '/settings', title: 'Settings', Icon: Settings },
] as const

/** The 56 px rail; on a phone the bar at the bottom. */
export const Rail = ({ onKeys }: { onKeys: () => void }) => {
  const [location] = useLocation()
  const me = useMe()
  return (
    <nav className="rail" aria-label="Screens">
      <Link href="/alerts" className="rail-mark" aria-label="Wardwatch">
        <svg
          viewBox="0 0 24 24"
          width="20"
          height="20"
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
          aria-hidden="true"
        >
          <path d="M2 12.5h4l2.5-7 4 13 3-9 1.5 3h5" />
        </svg>
      </Link>
      <ul>
        {places.map(({ to, title, Icon }) => (
          <li key={to}>
            <Link href={to} className="rail-item" aria-current={location.startsWith(to) ? 'page' : undefined}>
              <Icon className="icon" aria-hidden="true" />
              <span>{title}</span>
            </Link>
          </li>
        ))}
      </ul>
      <button
        type="button"
        className="icon-button rail-keys"
        onClick={onKeys}
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
      >
        <Keyboard className="icon" aria-hidden="true" />
      </button>
      <Link
        href="/settings/you"
        className="me"
        title={`${me.displayName}, ${me.role}`}
        aria-label={`${initialsOf(me.displayName)}: ${me.displayName}, ${me.role}`}
      >
        {initialsOf(me.displayName)}
      </Link>
    </nav>
  )
}
