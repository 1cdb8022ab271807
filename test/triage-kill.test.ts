import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeBinary } from '../app/runtime-binaries.mjs'
import type { AlertView, TimelineEntry } from '../contracts/api/alerts.ts'
import { randomFor } from '../simulators/prng.ts'
import { type DeskClient, newPerson, signInAsAdmin, tokenOf } from './platform/desk-client.ts'
import { freePort } from './platform/free-port.ts'
import { type PlatformProcess, startPlatformProcess } from './platform/platform-process.ts'
import { createRogue } from './platform/rogue.ts'
import { readCases, type RecordedCase, tamperWithCase } from './platform/stopped-cases.ts'
import { until } from './platform/until.ts'
import { compareWithChain, type SentAction, workOnAlerts } from './platform/triage-load.ts'

const alertCount = 40
const actionsARound = 1_000
const data = mkdtempSync(join(tmpdir(), 'ww-triage-kill-'))
const seed = Number(process.env['WARDWATCH_KILL_SEED'] ?? 5)

const verify = () =>
  spawnSync(nodeBinary()!, ['--disable-warning=ExperimentalWarning', 'app/main.ts', 'alerts', 'verify', '--data', data], {
    encoding: 'utf8',
  })

describe('kill -9 in the middle of 1,000 triage actions', { timeout: 120_000 }, () => {
  let platform: PlatformProcess
  let start: () => Promise<PlatformProcess>
  let people: DeskClient[]
  let alerts: readonly string[] = []
  const sent: SentAction[] = []
  let cases: readonly RecordedCase[] = []

  beforeAll(async () => {
    const mqttPort = await freePort()
    const deskPort = await freePort()
    start = () => startPlatformProcess({ data, mqttPort, flags: ['--desk-port', String(deskPort), '--log-level', 'error'] })
    platform = await start()
    const admin = await signInAsAdmin(platform)
    people = [admin]
    // One after the other: of one address only a few may sign in at once.
    for (const name of ['ana', 'ben', 'cleo', 'dan', 'eli', 'fee', 'guy', 'hal', 'ida'])
      people.push(await newPerson(admin, name, 'analyst'))
    for (const name of ['sam', 'tea', 'uwe', 'vic', 'wim', 'zoe'])
      people.push(await tokenOf(await newPerson(admin, name, 'responder'), 'triage'))
    const rogue = await createRogue(mqttPort, readFileSync(join(data, 'ca.crt'), 'utf8'))
    for (let i = 1; i <= alertCount; i++) await rogue(`box-${i}`)
    const listed = () => admin.get<{ items: AlertView[] }>('/alerts?limit=500')
    await until('an alert of each box', async () => (await listed()).items.length === alertCount, 20_000)
    alerts = (await listed()).items.map(({ id }) => id)
  }, 60_000)
  afterAll(async () => {
    await platform?.stop()
    rmSync(data, { recursive: true, force: true })
  })

  /** Everybody works at once; `kill` is called each time that so many actions went through. */
  const round = async (name: string, kills: readonly number[], kill: () => Promise<void>): Promise<void> => {
    let through = 0
    const killed: Promise<void>[] = []
    const done = await Promise.all(
      people.map((person, i) =>
        workOnAlerts(person, {
          alerts,
          closable: new Set(alerts.slice(0, alertCount / 2)),
          owners: people.map(({ account }) => account),
          count: Math.ceil(actionsARound / people.length),
          name: `${name} ${person.account}`,
          random: randomFor(seed, `${name}/${i}`),
          onAction: () => {
            if (kills.includes(++through)) killed.push(kill())
          },
        }),
      ),
    )
    await Promise.all(killed)
    expect(killed).toHaveLength(kills.length)
    sent.push(...done.flat())
  }

  it('the hub: everybody goes on', async () => {
    await round('first', [500], () => platform.killRole('hub'))
    expect(verify()).toMatchObject({ status: 0, stdout: expect.stringMatching(/^the chain is whole: \d+ events/) as string })
  })

  it('everything at once: everybody goes on', async () => {
    await round('second', [500], async () => {
      await platform.killAll()
      platform = await start()
    })
  })

  it('each action that was answered is told in its timeline once', async () => {
    const told = new Map<string, number>()
    for (const id of alerts) {
      const { items, next } = await people[0]!.get<{ items: TimelineEntry[]; next: string | null }>(`/alerts/${id}/timeline?limit=500`)
      expect(next).toBeNull()
      for (const { hash } of items) told.set(hash, (told.get(hash) ?? 0) + 1)
    }
    const answered = sent.filter(({ end }) => end === 'done')
    expect(answered.filter(({ hash }) => told.get(hash!) !== 1)).toEqual([])
    expect(answered.length).toBeGreaterThan(2 * actionsARound - 100)
  })

  it('and stands in the chain once; what was not answered at most once, what was refused never', async () => {
    expect((await platform.stop()).code).toBe(0)
    cases = await readCases(data)
    const { doneAfterAll, ...wrong } = compareWithChain(
      sent,
      cases.map(({ event }) => event),
    )
    expect(wrong).toEqual({ lost: [], strange: [] })
    const ends = Object.groupBy(sent, ({ end }) => end)
    console.log(
      `${ends.done?.length} actions done, ${ends.refused?.length ?? 0} refused, ${ends.unknown?.length ?? 0} without an answer (${doneAfterAll} of them done)`,
    )
    expect(verify()).toMatchObject({ status: 0, stdout: expect.stringContaining(`${cases.length} events`) as string })
  })

  it('a byte that is changed on disk is found, and the event named', async () => {
    const { offset } = cases.find(({ event }) => event.type === 'alert.closed' && event.actor === sent[0]!.actor)!
    const firstOffset = await tamperWithCase(data, offset)
    const sequence = cases.find((one) => one.offset === firstOffset)!.event.sequence
    const { status, stderr } = verify()
    expect(stderr).toMatch(new RegExp(`^wardwatch: the chain is broken at event ${sequence} .*was changed on disk`))
    expect(status).toBe(1)
  })
})
