import type { Logger } from '../../contracts/logger.ts'
import type { RunningDevice } from '../device.ts'
import type { DeviceSpec } from '../device-spec.ts'
import type { Fleet } from '../fleet.ts'
import type { AttackId, GroundTruth } from '../ground-truth.ts'
import type { Credentials } from '../mqtt-connection.ts'
import type { Random } from '../prng.ts'
import type { Scheduler } from '../scheduler.ts'

/** What an attacker has at hand: the network, what was stolen, and a diary that tells the truth. */
export interface AttackContext {
  readonly host: string
  readonly port: number
  readonly serverName?: string
  readonly scheduler: Scheduler
  readonly random: Random
  readonly logger: Logger
  readonly groundTruth: GroundTruth
  readonly fleet: Fleet
  /** The running device of the fleet, for malware on it. */
  readonly device: (id: string) => RunningDevice | undefined
  /** The same answer for the same device each time: this is how a key is stolen. */
  readonly credentials: (spec: DeviceSpec) => Promise<Credentials>
  /** A certificate for this name from an authority that nobody trusts; `caPem` is the platform's. */
  readonly rogueCredentials: (name: string) => Promise<Credentials>
  /** A device that was enrolled and then revoked, with its key. */
  readonly revokedDevice: () => Promise<{ readonly device: string; readonly credentials: Credentials }>
  /** Aborted when the campaign is over: attacks end what they do and return. */
  readonly signal: AbortSignal
  readonly onStarted?: (attack: AttackId, target: AttackTarget, what: string) => void
}

/** Whom an attack is aimed at: drawn by `planCampaign`, or given by hand. */
export interface AttackTarget {
  /** The device that is misused, impersonated or silenced; null for attacks that need none. */
  readonly device: string | null
  readonly site: string | null
  /** Source address to come from; null for the system's choice (not on every system can a process choose). */
  readonly address: string | null
  /** Other devices of the fleet, e.g. those whose topics are abused. */
  readonly others: readonly string[]
  readonly durationMs: number
}

export interface Attack {
  readonly id: AttackId
  readonly expectedDetector: string
  /** Whether it comes from a machine of its own, so that an address should be chosen for it. */
  readonly fromOutside: boolean
  /** Resolves when it is over and its line is in the ground truth. Expected failures of the attack are logged, never thrown. */
  run(context: AttackContext, target: AttackTarget): Promise<void>
}

export interface Deed {
  readonly attack: Pick<Attack, 'id' | 'expectedDetector'>
  readonly what: string
  readonly subjects: readonly string[]
}

/** Does the deed and writes its line: when it began and ended, also when it was cut short. */
export const perpetrate = async (
  context: AttackContext,
  target: AttackTarget,
  { attack, what, subjects }: Deed,
  deed: () => Promise<void>,
): Promise<void> => {
  const startedAt = context.scheduler.now()
  context.onStarted?.(attack.id, target, what)
  try {
    await deed()
  } finally {
    await context.groundTruth.record({
      attack: attack.id,
      expectedDetector: attack.expectedDetector,
      device: target.device,
      address: target.address,
      site: target.site,
      subjects: [...subjects],
      startedAt,
      endedAt: context.scheduler.now(),
      what,
    })
  }
}

/** `address:..` as findings of by-source detectors name their subject; loopback when the system chose. */
export const addressSubject = (target: AttackTarget): string => `address:${target.address ?? '127.0.0.1'}`

/** The running device an attack misuses, or null with a line in the log. */
export const victimOf = (context: AttackContext, target: AttackTarget, attack: AttackId): RunningDevice | null => {
  const device = target.device === null ? undefined : context.device(target.device)
  if (device === undefined) context.logger.warn({ attack, device: target.device }, 'the attack has no such device to misuse')
  return device ?? null
}
