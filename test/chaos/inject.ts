import { systemScheduler } from '../../simulators/scheduler.ts'
import type { Distributed } from '../platform/distributed.ts'
import { until } from '../platform/until.ts'
import type { Fault } from './chaos-plan.ts'

const restartsOf = async (platform: Distributed, machine: string): Promise<number> => {
  const [role] = await platform.machine(machine).roles()
  return role?.restarts ?? 0
}

/** Does what the fault says, and puts it right again. What the platform has to mend by itself is not waited for here. */
export const inject = async (platform: Distributed, fault: Fault, brokerIndex = 0): Promise<void> => {
  switch (fault.kind) {
    case 'kill-machine':
      await platform.kill(fault.machine)
      await systemScheduler.sleep(fault.awayMs)
      return platform.start(fault.machine)
    case 'kill-role': {
      const before = await restartsOf(platform, fault.machine)
      const [role] = await platform.machine(fault.machine).roles()
      // One that is on its way up again after its last death can't be killed.
      if (role?.pid === null || role === undefined) return
      await platform.machine(fault.machine).killRole(role.name)
      return until(`${role.name} is started again`, async () => (await restartsOf(platform, fault.machine)) > before)
    }
    case 'kill-broker': {
      const broker = platform.kafka.nodes[brokerIndex]!
      await broker.kill()
      await systemScheduler.sleep(fault.awayMs)
      return broker.start()
    }
    case 'kill-clickhouse':
      await platform.clickhouse!.kill()
      await systemScheduler.sleep(fault.awayMs)
      return platform.clickhouse!.restart()
    case 'join':
      return platform.start(fault.machine)
    case 'leave':
      return platform.leave(fault.machine)
  }
}

/** Every machine that runs says that it is well. */
export const untilSound = (platform: Distributed, patienceMs: number): Promise<void> => {
  let said = ''
  const sound = async (): Promise<boolean> => {
    const answers = await Promise.all(platform.running().map(async (name) => `${name}: ${(await platform.readyz(name)).trim()}`))
    said = answers.filter((answer) => !answer.includes('"ok":true')).join('; ')
    return said === ''
  }
  return until('every machine is ready', sound, patienceMs).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}: ${said}`)
  })
}
