import type { Alert } from '../../contracts/alert.ts'
import { type Severity, severities } from '../../contracts/finding.ts'

/** What the board shows at one moment. */
export interface BoardView {
  readonly title: string
  readonly uptimeMs: number
  readonly devices: number
  readonly readingsPerSecond: number
  readonly ackP99Ms: number
  readonly detectorLagRecords: number
  readonly rowsLanded: number
  /** Newest first. */
  readonly alerts: readonly Alert[]
  /** Below the alerts: what the user may do next. */
  readonly footer: readonly string[]
  readonly nowMs: number
}

const shape: Readonly<Record<Severity, string>> = { critical: '⬢', high: '▲', medium: '◆', low: '○' }
const color: Readonly<Record<Severity, string>> = {
  critical: '\u001B[91m',
  high: '\u001B[38;5;215m',
  medium: '\u001B[93m',
  low: '\u001B[94m',
}
const dim = '\u001B[2m'
const bold = '\u001B[1m'
const plain = '\u001B[0m'

const seconds = (ms: number): string => {
  const whole = Math.max(0, Math.floor(ms / 1_000))
  return whole < 60
    ? `${whole}s`
    : whole < 3_600
      ? `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}`
      : `${Math.floor(whole / 3_600)}h${String(Math.floor(whole / 60) % 60).padStart(2, '0')}`
}

/** Control characters of a device's text must not reach the terminal. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '�')

const fit = (text: string, width: number): string => {
  const clean = printable(text)
  return clean.length <= width ? clean.padEnd(width) : width <= 1 ? '…'.slice(0, width) : `${clean.slice(0, width - 1)}…`
}

/** The board as lines of at most `columns` visible characters and at most `rows` lines. */
export const renderBoard = (view: BoardView, columns: number, rows: number): string[] => {
  const facts: readonly (readonly [string, string])[] = [
    ['devices', view.devices.toLocaleString('en')],
    ['readings/s', Math.round(view.readingsPerSecond).toLocaleString('en')],
    ['ack p99', `${view.ackP99Ms.toFixed(1)} ms`],
    ['lag', view.detectorLagRecords.toLocaleString('en')],
    ['rows', view.rowsLanded.toLocaleString('en')],
    ['up', seconds(view.uptimeMs)],
  ]
  const head: string[] = [`${bold}${fit(view.title, columns).trimEnd()}${plain}`]
  let line = ''
  let visible = 0
  for (const [name, value] of facts) {
    const width = name.length + value.length + 4
    if (visible + width > columns && visible > 0) {
      head.push(line)
      line = ''
      visible = 0
    }
    line += `${dim}${name}${plain} ${bold}${value}${plain}   `
    visible += width
  }
  head.push(line, dim + '─'.repeat(columns) + plain)
  const counts = severities.toReversed().map((level) => {
    const count = view.alerts.filter((alert) => alert.severity === level).length
    return `${count > 0 ? color[level] : dim}${shape[level]} ${count}${columns < 60 ? '' : ` ${level}`}${plain}`
  })
  head.push(counts.join('   '))
  const footer = view.footer.map((text) => `${dim}${fit(text, columns).trimEnd()}${plain}`)
  const space = Math.max(0, rows - head.length - footer.length - 1)
  // The whole sentence on a line of its own where there is room for it.
  const perAlert = columns >= 110 && view.alerts.length * 2 > space ? 1 : 2
  const body = view.alerts.slice(0, Math.floor(space / perAlert)).flatMap((alert) => alertLines(alert, columns, perAlert, view.nowMs))
  if (view.alerts.length === 0 && space > 0) body.push(`${dim}No alert yet. The attacks begin 15 s after the fleet is up.${plain}`)
  return [...head, ...body, ...Array<string>(Math.max(0, space - body.length)).fill(''), ...footer]
}

const alertLines = (alert: Alert, columns: number, lines: 1 | 2, nowMs: number): string[] => {
  const mark = `${color[alert.severity]}${shape[alert.severity]}${plain}`
  const age = `${dim}${seconds(nowMs - alert.lastSeen).padStart(5)}${plain}`
  const width = Math.max(4, Math.min(22, Math.floor((columns - 16) / 2)))
  const what = `${mark} ${age} ${bold}${fit(alert.device, width)}${plain} ${fit(alert.detector, width)} ${fit(`×${alert.count}`, 5)}`
  const used = 8 + 2 * (width + 1) + 6
  if (lines === 1) return [`${what} ${fit(alert.why, columns - used - 1).trimEnd()}`]
  return [what.trimEnd(), `          ${dim}${fit(alert.why, columns - 10).trimEnd()}${plain}`]
}

/** One plain line for an alert, for output that is not a terminal. */
export const alertLine = (alert: Alert): string =>
  `${alert.severity.toUpperCase()} ${printable(alert.device)} ${alert.detector} x${alert.count}: ${printable(alert.why)}`
