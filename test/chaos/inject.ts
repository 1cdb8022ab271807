import type { RoleStatus } from '../../app/role-status.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import type { Distributed } from '../platform/distributed.ts'
import { until } from '../platform/until.ts'
import type { Fault } from './chaos-plan.ts'

const roleOf = async (platform: Distributed, machine: string): Promise<RoleStatus> => (await platform.machine(machine).roles())[0]!

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Does what the fault says, and puts it right again. What the platform has to mend by itself is not waited for here. */
export const inject = async (platform: Distributed, fault: Fault, brokerIndex = 0): Promise<void> => {
  const broker = platform.kafka.nodes[brokerIndex]!
  const clickhouse = platform.clickhouse!
  switch (fault.kind) {
    case 'kill-machine':
      await platform.kill(fault.machine)
      await systemScheduler.sleep(fault.awayMs)
      return platform.start(fault.machine)
    case 'kill-role': {
      const { name, pid, restarts } = await roleOf(platform, fault.machine)
      // One that is on its way up again after its last death can't be killed.
      if (pid === null) return
      await platform.machine(fault.machine).killRole(name)
      return until(`${name} is started again`, async () => (await roleOf(platform, fault.machine)).restarts > restarts)
    }
    case 'freeze-role': {
      const { pid } = await roleOf(platform, fault.machine)
      if (pid === null) return
      process.kill(pid, 'SIGSTOP')
      await systemScheduler.sleep(fault.awayMs)
      if (isAlive(pid)) process.kill(pid, 'SIGCONT')
      return
    }
    case 'kill-broker':
      await broker.kill()
      await systemScheduler.sleep(fault.awayMs)
      return broker.start()
    case 'freeze-broker':
      broker.freeze()
      await systemScheduler.sleep(fault.awayMs)
      return broker.thaw()
    case 'kill-clickhouse':
      await clickhouse.kill()
      await systemScheduler.sleep(fault.awayMs)
      return clickhouse.restart()
    case 'freeze-clickhouse':
      clickhouse.freeze()
      await systemScheduler.sleep(fault.awayMs)
      return clickhouse.thaw()
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
