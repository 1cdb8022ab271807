import { systemScheduler } from '../../simulators/scheduler.ts'
import { untilInSync } from '../kafka/until-in-sync.ts'
import { until } from '../platform/until.ts'
import { untilSound } from './inject.ts'
import { type LoadOptions, type LoadReport, oneOfEach, startLoadedPlatform } from './loaded-platform.ts'

export interface BrokerLossReport extends LoadReport {
  /** The longest that no device at all was acknowledged while the platform was whole, and around each broker's death and return, ms. */
  readonly quietMsWhenWhole: number
  readonly quietMs: readonly number[]
  /** Devices that had to connect again around each of them. */
  readonly reconnects: readonly number[]
}

const patienceMs = 90_000
const brokers = 3

/**
 * Three brokers with min.insync.replicas 2 lose one after the other, each for as long as everything has gone on without it: PUBACKs, a
 * command from the desk to its device, and findings. `lost`: only so many of them.
 */
export const runBrokerLoss = async (
  load: LoadOptions,
  { lost = brokers, tell = () => {} }: { readonly lost?: number; readonly tell?: (line: string) => void } = {},
): Promise<BrokerLossReport> => {
  const { platform, fleet, command, liarsFound, verdict, stop } = await startLoadedPlatform(load, {
    kafkaNodes: brokers,
    clickhouse: true,
    balancer: true,
    machines: oneOfEach,
  })
  try {
    const from = fleet.acknowledged()
    await until('readings are acknowledged', () => fleet.acknowledged() > from + load.devices * 2, patienceMs)
    fleet.longestSilenceMs()
    await systemScheduler.sleep(5_000)
    const quietMsWhenWhole = Math.round(fleet.longestSilenceMs())
    const quietMs: number[] = []
    const reconnects: number[] = []
    const told: string[] = []
    for (const [index, broker] of platform.kafka.nodes.slice(0, lost).entries()) {
      const connects = fleet.connects()
      const steps: string[] = []
      let fromMs = performance.now()
      const step = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
        await until(`${what} (${told.length} brokers were lost before; ${steps.join(', ')})`, condition, patienceMs)
        steps.push(`${what} ${((performance.now() - fromMs) / 1_000).toFixed(1)} s`)
        fromMs = performance.now()
      }
      await broker.kill()
      const before = { acknowledged: fleet.acknowledged(), found: await liarsFound(), commands: fleet.commands() }
      // Refused while the group that chooses the leading desk, or its transactions, get another coordinator: whoever asked asks again.
      let refusal: string | null = null
      await step('the desk takes a command', async () => {
        refusal = await command(`without broker ${index + 1}`)
        return refusal === null
      }).catch((error: unknown) => {
        throw new Error(`the desk took no command: ${refusal}`, { cause: error })
      })
      await step('PUBACKs go on', () => fleet.acknowledged() > before.acknowledged + load.devices * 5)
      await step('a command reaches its device', () => fleet.commands() > before.commands)
      await step('findings land', async () => (await liarsFound()) > before.found)
      await untilSound(platform, patienceMs)
      told.push(`broker ${index + 1} of ${brokers} away`)
      await broker.start()
      const back = fleet.acknowledged()
      await step('PUBACKs with it again', () => fleet.acknowledged() > back + load.devices * 2)
      quietMs.push(Math.round(fleet.longestSilenceMs()))
      reconnects.push(fleet.connects() - connects)
      tell(
        `${told.at(-1)!}: ${steps.join(', ')}; ${quietMs.at(-1)!} ms without a PUBACK at most; ${reconnects.at(-1)!} devices connected again; ${fleet.acknowledged()} acknowledged, ${fleet.waiting()} wait`,
      )
      // Copies of what it missed: the next one must not take the last in-sync one.
      await untilInSync(platform.kafka, patienceMs)
    }
    return { ...(await verdict(told)), quietMsWhenWhole, quietMs, reconnects }
  } finally {
    await stop()
  }
}
