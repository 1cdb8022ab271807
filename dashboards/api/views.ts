import type { Alert } from '../../contracts/alert.ts'
import type { AlertView, Asset } from '../../contracts/api/alerts.ts'
import type { DeskHistory } from '../../contracts/desk-history.ts'
import type { DeviceRecord } from '../../contracts/registry.ts'
import type { TriageDesk } from '../../contracts/triage-desk.ts'
import type { Directory } from '../../registry/fold.ts'
import { nextDueAt } from '../../triage/clocks/due.ts'

/** An alert with what the registry knows of its device. */
export const createAlertView =
  (directory: Pick<Directory, 'device'>) =>
  (alert: Alert): AlertView => {
    const record = directory.device(alert.device)
    return {
      ...alert,
      ward: record === undefined || record.ward === '' ? null : record.ward,
      model: record?.model ?? null,
      nextDueAt: nextDueAt(alert),
    }
  }

export interface Assets {
  /** Every device that was ever enrolled, by id. */
  sorted(): readonly DeviceRecord[]
  of(record: DeviceRecord): Asset
  /** Null for what is no device (`address:..`, `site:..`). */
  named(device: string, site: string | null): Asset | null
  enrolled(): number
}

/** The directory as the desk shows it. Sorted and counted again only when a device was enrolled or revoked. */
export const createAssets = (
  directory: Directory,
  desk: Pick<TriageDesk, 'openOn'>,
  history: Pick<DeskHistory, 'lastHeard' | 'reportedFirmware'>,
): Assets => {
  let sorted: readonly DeviceRecord[] | null = null
  let byModel = new Map<string, number>()
  let enrolled = 0
  directory.onChange(() => (sorted = null))

  const current = (): readonly DeviceRecord[] => {
    if (sorted !== null) return sorted
    const records = [...directory.devices()].sort((a, b) => (a.device < b.device ? -1 : 1))
    byModel = new Map()
    enrolled = 0
    for (const { model, status } of records) {
      if (status !== 'enrolled') continue
      enrolled++
      byModel.set(model, (byModel.get(model) ?? 0) + 1)
    }
    sorted = records
    return records
  }
  const of = (record: DeviceRecord): Asset => {
    current()
    const heard = history.lastHeard(record.device)
    const { device, site, ward, model, firmware, status, enrolledAt } = record
    return {
      device,
      site,
      ward: ward === '' ? null : ward,
      model,
      firmware: history.reportedFirmware(device) ?? firmware,
      firmwareRegistered: firmware,
      status,
      enrolledAt,
      lastHeardAt: heard?.at ?? null,
      lastAddress: heard?.address ?? null,
      peersOnModel: Math.max(0, (byModel.get(model) ?? 0) - (status === 'enrolled' ? 1 : 0)),
      openAlerts: desk.openOn(device),
    }
  }

  return {
    sorted: current,
    of,
    named(device, site) {
      const record = directory.device(device)
      if (record !== undefined) return of(record)
      if (device.includes(':')) return null
      const heard = history.lastHeard(device)
      return {
        device,
        site,
        ward: null,
        model: null,
        firmware: history.reportedFirmware(device),
        firmwareRegistered: null,
        status: 'unknown',
        enrolledAt: null,
        lastHeardAt: heard?.at ?? null,
        lastAddress: heard?.address ?? null,
        peersOnModel: null,
        openAlerts: desk.openOn(device),
      }
    },
    enrolled() {
      current()
      return enrolled
    },
  }
}
