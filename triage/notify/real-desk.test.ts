import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../contracts/logger.ts'
import type { Finding } from '../../contracts/finding.ts'
import { type LogMemory, openMemoryLog } from '../../stream/memory-log.ts'
import { startDesk, until, writeFindings } from '../desk.fixture.ts'
import { findingAt } from '../findings.fixture.ts'
import type { Triage } from '../start-triage.ts'
import { type Paging, startPaging } from './start-paging.ts'
import { away, createFakeNotifiers, type FakeNotifiers, sentWell } from './testing/fake-notifiers.ts'
import { ruleOf, webhookNamed } from './testing/pager.ts'

/** The pager over the real triage: what the fake of the other tests stands for. */
describe('with triage itself', () => {
  let memory: LogMemory
  let log: ReturnType<typeof openMemoryLog>
  let desk: Triage
  let paging: Paging
  let fakes: FakeNotifiers
  let nowMs = 1_000_000
  const clock = { now: () => nowMs }
  const start = async () => {
    log = openMemoryLog(memory)
    desk = await startDesk(log, { clock })
    paging = await startPaging({
      log,
      desk,
      clock,
      logger: silentLogger,
      timeZone: 'UTC',
      notifiers: fakes.notifiersWhile(() => true),
      settings: { closeGraceMs: 10, retryFirstMs: 2, retryMaxMs: 4, deadAfterFailures: 3, followUpDelayMs: 0 },
    })
  }
  const stop = async () => {
    await paging.close()
    await desk.close()
    await log.close()
  }
  beforeEach(async () => {
    memory = new Map()
    fakes = createFakeNotifiers()
    nowMs = 1_000_000
    await start()
    for (const name of ['night', 'chief']) await paging.putNotifier('ana', name, webhookNamed(name))
    await paging.putRules('ana', [
      ruleOf('bad', {
        severities: ['high', 'critical'],
        steps: [
          { notifiers: ['night'], afterMinutes: 0 },
          { notifiers: ['chief'], afterMinutes: 10 },
        ],
      }),
    ])
  })
  afterEach(stop)
  let offset = 0
  const find = (over: Partial<Finding>) => writeFindings(log, [findingAt(++offset, over)])
  const told = (): string[] =>
    fakes.attempts.filter(({ sent }) => sent === 'sent').map(({ to, message }) => `${message.alert.device} ${message.alert.severity}>${to}`)
  const untilTold = (count: number) => until(`${count} pages`, () => told().length >= count && paging.stats()['waiting'] === 1)

  it('a finding is told, an acknowledgement ends it, over restarts', async () => {
    await find({ severity: 'critical' })
    await untilTold(1)
    await stop()
    await start()
    await find({ severity: 'critical' })
    await until('the finding', () => desk.newest(1)[0]!.count === 2)
    await desk.act(desk.newest(1)[0]!.id, null, 'ana', { type: 'acknowledge' })
    await until('the step to be dropped', () => paging.stats()['waiting'] === 0)
    expect(told()).toEqual(['pump-1 critical>night'])
    expect(paging.pages().map(({ state }) => state)).toEqual(['dropped', 'sent'])
  })

  it('an acknowledgement that is undone, and a snooze that ends by itself or because it got worse', async () => {
    await find({ severity: 'high' })
    await untilTold(1)
    const id = desk.newest(1)[0]!.id
    const acknowledged = await desk.act(id, null, 'ana', { type: 'acknowledge' })
    await until('the step to be dropped', () => paging.stats()['waiting'] === 0)
    await desk.act(id, null, 'ana', { type: 'undo', undoes: acknowledged.ok ? acknowledged.event.sequence : 0 })
    await until('the step to wait again', () => paging.stats()['waiting'] === 1)
    await desk.act(id, null, 'ana', { type: 'snooze', until: nowMs + 60_000 })
    await until('the step to be dropped', () => paging.stats()['waiting'] === 0)
    nowMs += 60_000
    await until('it to wake', () => desk.alert(id)!.state === 'acknowledged')
    await desk.act(id, null, 'ana', { type: 'snooze', until: nowMs + 60_000 })
    await find({ severity: 'critical' })
    await untilTold(2)
    expect(told()).toEqual(['pump-1 high>night', 'pump-1 critical>night'])
  })

  it('what paging missed while it was down is told at its next start', async () => {
    await paging.close()
    await find({ severity: 'critical' })
    await find({ severity: 'critical', device: 'pump-2' })
    await until('both alerts', () => desk.size === 2)
    await desk.close()
    await start()
    await until('both pages', () => told().length === 2)
    expect(told().toSorted()).toEqual(['pump-1 critical>night', 'pump-2 critical>night'])
  })

  it('a dead channel is one alert of triage, told by the others', async () => {
    await paging.putRules('ana', [ruleOf('all', { steps: [{ notifiers: ['night', 'chief'], afterMinutes: 0 }] })])
    fakes.answer('night', away)
    await find({ severity: 'critical' })
    await until('the dead channel to be told', () => ((nowMs += 5), told().length === 2))
    expect(told()).toEqual(['pump-1 critical>chief', 'channel:night critical>chief'])
    fakes.answer('night', sentWell)
    await until('the channel to live', () => ((nowMs += 5), paging.notifiers()[0]!.health === 'alive'))
    await until('the note', () => desk.newest(5).some(({ device, notes }) => device === 'channel:night' && notes === 1))
  })
})
