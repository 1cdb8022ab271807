import { createTestAuthority, type TestIdentity } from '../broker/test-certificates.ts'
import type { DeviceDirectory, DeviceRecord } from '../contracts/registry.ts'

/** The certificates of a bench's fleet: written to a file once, read by the edge and by the load. */
export interface BenchFleet {
  readonly site: string
  readonly caPem: string
  readonly server: TestIdentity
  readonly devices: readonly (TestIdentity & { readonly device: string })[]
}

/** Issues certificates for `count` devices: about a millisecond each. */
export const createBenchFleet = async (count: number): Promise<BenchFleet> => {
  const authority = await createTestAuthority('bench authority')
  const devices: (TestIdentity & { device: string })[] = []
  for (let i = 0; i < count; i++) {
    const device = `device-${String(i).padStart(5, '0')}`
    devices.push({ device, ...(await authority.issue({ commonName: device, purpose: 'client' })) })
  }
  return {
    site: 'site-0',
    caPem: authority.certificatePem,
    server: await authority.issue({ commonName: 'edge', purpose: 'server' }),
    devices,
  }
}

/** A directory that holds the fleet and never changes. */
export const directoryOf = (fleet: BenchFleet): DeviceDirectory => {
  const records = new Map<string, DeviceRecord>()
  const byFingerprint = new Map<string, DeviceRecord>()
  for (const { device, fingerprint } of fleet.devices) {
    const record: DeviceRecord = {
      device,
      site: fleet.site,
      ward: 'ward-0',
      model: 'monitor-x',
      firmware: '1.0.0',
      status: 'enrolled',
      fingerprints: [fingerprint],
      passwordHash: null,
      enrolledAt: 0,
      revokedAt: null,
      revokedReason: null,
    }
    records.set(device, record)
    byFingerprint.set(fingerprint, record)
  }
  return {
    device: (id) => records.get(id),
    byFingerprint: (fingerprint) => byFingerprint.get(fingerprint),
    passwordDevices: 0,
    onChange: () => () => {},
  }
}
