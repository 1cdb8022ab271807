import { BellOff, Check, Moon, ShieldCheck, SquareCheck, StickyNote, User, UserPlus } from 'lucide-react'
import { Link } from 'wouter'
import type { AlertView, Asset } from '../../../../contracts/api/alerts.ts'
import { useDesk } from '../desk.ts'
import { useNowMs } from '../live/use-now.ts'
import { ActionButton } from '../parts/button.tsx'
import { Firmware } from '../parts/firmware.tsx'
import { countdown, dayTime } from '../parts/format.ts'
import { SeverityMark } from '../parts/severity.tsx'
import type { AlertActions } from './use-alert-actions.tsx'

const soonMs = 5 * 60_000
const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

const pasts = { Acknowledge: 'Acknowledged', Contain: 'Contained' } as const

const Clock = ({
  title,
  dueAt,
  metAt,
  breachedAt,
  over,
}: {
  title: keyof typeof pasts
  dueAt: number | null
  metAt: number | null
  breachedAt: number | null
  over: boolean
}) => {
  const nowMs = useNowMs()
  if (dueAt === null && metAt === null) return null
  if (metAt !== null)
    return (
      <div className="clock">
        <span>{breachedAt === null ? pasts[title] : `${pasts[title]} late`}</span>
        <span className={`mono ${breachedAt === null ? 'soft' : 'crit'}`}>{dayTime(metAt, nowMs)}</span>
      </div>
    )
  if (over || dueAt === null) return null
  const left = dueAt - nowMs
  return (
    <div className="clock">
      <span>{left < 0 ? `${title} overdue` : `${title} in`}</span>
      <span className={`mono clock-time ${left < 0 ? 'crit' : left < soonMs ? 'high' : ''}`}>{countdown(left)}</span>
    </div>
  )
}

const stateText = (alert: AlertView, nameOf: (account: string) => string, nowMs: number): string => {
  switch (alert.state) {
    case 'new':
      return 'Needs triage'
    case 'acknowledged':
      return alert.acknowledgedBy === null ? 'Acknowledged' : `Acknowledged by ${nameOf(alert.acknowledgedBy)}`
    case 'snoozed':
      return `Snoozed until ${alert.snoozedUntil === null ? '?' : dayTime(alert.snoozedUntil, nowMs)}`
    case 'closed':
      return `Closed${alert.closedBy === null ? '' : ` by ${nameOf(alert.closedBy)}`}: ${alert.verdict?.replace('-', ' ') ?? 'no verdict'}`
  }
}

export const AlertHead = ({ alert, asset, actions }: { alert: AlertView; asset: Asset | null; actions: AlertActions }) => {
  const { people, clock } = useDesk()
  const isDevice = asset !== null || !alert.device.includes(':')
  const facts = [
    alert.model,
    [alert.ward, alert.site].filter((part) => part !== null).join(', '),
    asset?.firmware ? (
      <span key="firmware">
        fw <Firmware asset={asset} />
      </span>
    ) : null,
    asset?.lastAddress,
  ]
  const { run, whyNot } = actions
  return (
    <header className="head">
      <div className="head-top">
        <span className={`head-severity ${alert.severity}`}>
          <SeverityMark severity={alert.severity} />
          {capital(alert.severity)}
        </span>
        <Link href={`/alerts/${encodeURIComponent(alert.id)}`} className="mono soft cut" title="Its own page (Enter)">
          {alert.id}
        </Link>
        <span className="soft">
          {alert.detector} · {alert.count} {alert.count === 1 ? 'finding' : 'findings'}
        </span>
        <span className="grow" />
        <span className="soft cut">{stateText(alert, people.nameOf, clock.nowMs())}</span>
      </div>
      <div className="head-main">
        <div className="grow">
          <h1 className="head-title">{alert.title}</h1>
          <p className="head-facts">
            {isDevice ? (
              <Link href={`/devices/${encodeURIComponent(alert.device)}`} className="mono head-device">
                {alert.device}
              </Link>
            ) : (
              <span className="mono">{alert.device}</span>
            )}
            {facts.map((fact, at) => (fact === null || fact === undefined || fact === '' ? null : <span key={at}>{fact}</span>))}
            <span>{alert.owner === null ? 'nobody’s' : `owner ${people.nameOf(alert.owner)}`}</span>
            {alert.previous === null ? null : (
              <Link href={`/alerts/${encodeURIComponent(alert.previous)}`} className="head-device">
                follows {alert.previous}
              </Link>
            )}
          </p>
        </div>
        <div className="clocks">
          <Clock
            title="Acknowledge"
            dueAt={alert.due.acknowledgeBy}
            metAt={alert.acknowledgedAt}
            breachedAt={alert.breached.acknowledge}
            over={alert.state === 'closed'}
          />
          <Clock
            title="Contain"
            dueAt={alert.due.containBy}
            metAt={alert.containedAt}
            breachedAt={alert.breached.contain}
            over={alert.state === 'closed'}
          />
        </div>
      </div>
      <div className="head-actions">
        <ActionButton
          icon={<Check className="icon" />}
          label="Acknowledge"
          caps="A"
          tone={alert.state === 'new' ? 'primary' : 'plain'}
          whyNot={whyNot.acknowledge}
          onPress={run.acknowledge}
        />
        <ActionButton icon={<User className="icon" />} label="Mine" caps="M" whyNot={whyNot.mine} onPress={run.mine} />
        <ActionButton icon={<UserPlus className="icon" />} label="Assign" caps="⇧M" whyNot={whyNot.assign} onPress={run.assign} />
        <ActionButton
          icon={<Moon className="icon" />}
          label={alert.state === 'snoozed' ? 'Wake' : 'Snooze'}
          caps="Z"
          whyNot={whyNot.snooze}
          onPress={run.snooze}
        />
        <ActionButton icon={<SquareCheck className="icon" />} label="Close" caps="E" whyNot={whyNot.close} onPress={run.close} />
        <ActionButton icon={<StickyNote className="icon" />} label="Note" caps="N" whyNot={whyNot.note} onPress={run.note} />
        <ActionButton icon={<BellOff className="icon" />} label="Suppress" caps="S" whyNot={whyNot.suppress} onPress={run.suppress} />
        <ActionButton
          icon={<ShieldCheck className="icon" />}
          label="Contained"
          caps="Q"
          tone="danger"
          whyNot={whyNot.contain}
          onPress={run.contain}
        />
      </div>
    </header>
  )
}
