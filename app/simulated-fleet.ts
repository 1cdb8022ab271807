import { systemClock } from '../contracts/clock.ts'
import { createAuthority } from '../registry/authority.ts'
import type { AttackContext } from '../simulators/attacks/attack.ts'
import { type Campaign, planCampaign } from '../simulators/campaign.ts'
import type { DeviceSpec } from '../simulators/device-spec.ts'
import { type Fleet, planFleet } from '../simulators/fleet.ts'
import type { Credentials } from '../simulators/mqtt-connection.ts'

/** Enrolled and then revoked: what an attacker finds in the waste. */
export const revokedName = 'retired-0001'

export interface SimulatedFleet {
  readonly fleet: Fleet
  readonly campaign: Campaign | null
  /** Whom to enrol: the fleet, and with a campaign the retired device. */
  readonly newcomers: readonly DeviceSpec[]
}

/** A seeded fleet that nobody attacks. */
export const planQuietFleet = ({ seed, devices }: { readonly seed: number; readonly devices: number }): SimulatedFleet => {
  const fleet = planFleet({ seed, devices })
  return { fleet, campaign: null, newcomers: fleet.devices }
}

/** A seeded fleet with the campaign that attacks it; times in ms after the campaign's zero. @throws RangeError when the fleet has too few for it */
export const planAttackedFleet = (options: {
  readonly seed: number
  readonly devices: number
  readonly startAtMs: number
  readonly endByMs: number
  /** Whether attackers may choose source addresses: on Linux, at a broker on loopback. */
  readonly chooseAddresses: boolean
}): SimulatedFleet & { readonly campaign: Campaign } => {
  const { seed, devices, ...times } = options
  const campaign = planCampaign({ fleet: planFleet({ seed, devices, passwordDevices: 2 }), seed, ...times })
  const retired: DeviceSpec = { ...campaign.fleet.devices[0]!, device: revokedName, credential: 'certificate' }
  return { fleet: campaign.fleet, campaign, newcomers: [...campaign.fleet.devices, retired] }
}

/** What attackers bring along: a certificate of an authority of their own, and the retired device's key. */
export const attackersBelongings = (
  credentials: (device: string) => Credentials,
  caPem: string,
): Pick<AttackContext, 'rogueCredentials' | 'revokedDevice'> => ({
  rogueCredentials: async (name) => {
    const rogue = await createAuthority({ siteName: 'rogue', clock: systemClock })
    const { certificatePem, privateKeyPem } = await rogue.issueDeviceCertificate({ device: name, days: 30 })
    return { caPem, certificatePem, privateKeyPem }
  },
  revokedDevice: async () => ({ device: revokedName, credentials: credentials(revokedName) }),
})
