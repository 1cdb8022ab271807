import { Link } from 'wouter'
import { useMe } from '../state/session.ts'
import { AccountsSection } from './accounts-section.tsx'
import { PagingSection } from './paging-section.tsx'
import { SuppressionsSection } from './suppressions-section.tsx'
import { TokensSection } from './tokens-section.tsx'
import { YouSection } from './you-section.tsx'
import '../styles/devices.css'
import '../styles/settings.css'

const sections = [
  ['you', 'You', YouSection, false],
  ['accounts', 'Accounts', AccountsSection, true],
  ['tokens', 'API tokens', TokensSection, false],
  ['paging', 'Paging', PagingSection, true],
  ['suppressions', 'Suppressions', SuppressionsSection, false],
] as const

const SettingsScreen = ({ section }: { section: string }) => {
  const me = useMe()
  const chosen = sections.find(([name]) => name === section) ?? sections[0]
  const [, title, Section, forAdmins] = chosen
  const barred = forAdmins && me.role !== 'admin'
  return (
    <div className="settings">
      <nav className="settings-nav" aria-label="Settings">
        {sections.map(([name, text, , admin]) => (
          <Link key={name} href={`/settings/${name}`} aria-current={name === chosen[0] ? 'page' : undefined}>
            {text}
            {admin && me.role !== 'admin' ? <span className="muted"> (admin)</span> : null}
          </Link>
        ))}
      </nav>
      <div className="settings-body" tabIndex={0} role="region" aria-label={title}>
        <h1>{title}</h1>
        {barred ? <p className="soft">That needs the role admin; yours is {me.role}.</p> : <Section />}
      </div>
    </div>
  )
}
export default SettingsScreen
