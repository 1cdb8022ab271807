import type { DeviceDirectory, DeviceRecord, RegistryEvent } from '../contracts/registry.ts'

export interface Directory extends DeviceDirectory {
  /**
   * Folds one event in. Events of a device count in the order of their `at`: one that is not newer than what is known changes nothing, so a log
   * that is read again, wholly or in part, leaves everything as it is, and a revocation is never undone by a replayed enrolment.
   */
  apply(event: RegistryEvent): void
  /** Every device that was ever enrolled, in no order. */
  devices(): IterableIterator<DeviceRecord>
  readonly size: number
}

/** When a record last changed, ms. */
export const changedAt = (record: DeviceRecord): number => Math.max(record.enrolledAt, record.revokedAt ?? 0)

const signsInByPassword = (record: DeviceRecord | undefined): boolean => record?.status === 'enrolled' && record.passwordHash !== null

/** The registry in memory: the fold of `registry.v1`. A revoked device stays known, by its fingerprints too: that tells "revoked" from "unknown". */
export const createDirectory = (): Directory => {
  const byId = new Map<string, DeviceRecord>()
  const byFingerprint = new Map<string, string>()
  const listeners = new Set<(record: DeviceRecord) => void>()
  let passwordDevices = 0

  const put = (record: DeviceRecord): void => {
    const before = byId.get(record.device)
    for (const fingerprint of before?.fingerprints ?? []) {
      if (byFingerprint.get(fingerprint) === record.device) byFingerprint.delete(fingerprint)
    }
    for (const fingerprint of record.fingerprints) byFingerprint.set(fingerprint, record.device)
    passwordDevices += Number(signsInByPassword(record)) - Number(signsInByPassword(before))
    byId.set(record.device, Object.freeze(record))
    for (const listener of listeners) listener(record)
  }

  return {
    apply(event) {
      const device = event.type === 'enrolled' ? event.record.device : event.device
      const before = byId.get(device)
      if (before !== undefined && event.at <= changedAt(before)) return
      if (event.type === 'enrolled') put({ ...event.record, enrolledAt: event.at })
      else if (before !== undefined) put({ ...before, status: 'revoked', revokedAt: event.at, revokedReason: event.reason })
    },
    device: (id) => byId.get(id),
    byFingerprint(fingerprint) {
      const device = byFingerprint.get(fingerprint)
      return device === undefined ? undefined : byId.get(device)
    },
    devices: () => byId.values(),
    get size() {
      return byId.size
    },
    get passwordDevices() {
      return passwordDevices
    },
    onChange(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
