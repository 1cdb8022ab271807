import type { Alert } from './alert.ts'
import type { Connection, DeviceDetail } from './api/devices.ts'
import type { Signal } from './api/alerts.ts'
import type { CaseEvent } from './case-event.ts'

/** What the desk asks of ClickHouse. Everything is bounded; times are ms. Rejects when the store is away: the API says so and lives on. */
export interface DeskHistory {
  /** The alert's signal, its baseline band and a related one. */
  signals(alert: Alert, range: { readonly from: number | null; readonly to: number | null }): Promise<readonly Signal[]>
  /** Small plots by alert id. At most 60 alerts a call. */
  sparks(alerts: readonly Alert[]): Promise<Readonly<Record<string, { values: (number | null)[]; anomalyFrom: number | null }>>>
  deviceVitals(device: string, from: number, to: number, vitals: readonly string[] | null): Promise<readonly Signal[]>
  deviceFacts(
    device: string,
  ): Promise<Pick<DeviceDetail, 'latest' | 'batteryPercent' | 'readingsLastHour'> & { readonly firmware: string | null }>
  /** Newest first; `before` is a cursor that an earlier answer gave. */
  connections(
    device: string,
    before: string | null,
    limit: number,
  ): Promise<{ readonly items: readonly Connection[]; readonly next: string | null }>
  /** Case events of an alert below a sequence, newest first. What was appended a moment ago may not have landed yet. */
  timeline(alert: string, below: number | null, limit: number): Promise<readonly CaseEvent[]>
  /** From memory, refreshed every few seconds. */
  lastHeard(device: string): { readonly at: number; readonly address: string | null } | null
  /** What it last said its firmware is; from memory as well. */
  reportedFirmware(device: string): string | null
  /** Devices heard since. */
  reporting(sinceMs: number): number
  /** How far the tables are behind the log, ms; null when they are not. */
  behindMs(): number | null
  close(): Promise<void>
}
