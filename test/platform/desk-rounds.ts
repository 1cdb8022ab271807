import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../../app/control/client.ts'
import { controlSocketPath } from '../../app/control/socket-path.ts'
import type { AlertView } from '../../contracts/api/alerts.ts'
import { type CaseEvent, caseEvent } from '../../contracts/case-event.ts'
import { leadTaken } from '../../contracts/leadership.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import { randomFor } from '../../simulators/prng.ts'
import { writeFindings } from '../../triage/desk.fixture.ts'
import { findingAt } from '../../triage/findings.fixture.ts'
import { verifyChain } from '../../triage/verify/verify-chain.ts'
import { type DeskClient, newPerson, tokenOf } from './desk-client.ts'
import { type DeskMachine, type DeskMachines, startDeskMachines } from './desk-machines.ts'
import { compareWithChain, type SentAction, workOnAlerts } from './triage-load.ts'
import { until } from './until.ts'

const devices = Array.from({ length: 30 }, (_, i) => `pump-${i + 1}`)
const actionsARound = 160
const names = ['ana', 'ben', 'cleo', 'dan']

/** Who asks one desk, and the next one when it only reads or does not answer: a load balancer that has not noticed yet. */
const throughAny = (person: DeskClient, machines: readonly DeskMachine[]): DeskClient => {
  const clients = machines.map(({ base }) => person.at(base))
  let at = 0
  return {
    ...person,
    async ask(method, path, options) {
      const answer = await clients[at]!.ask<never>(method, path, options).catch((error: unknown) => {
        at = (at + 1) % clients.length
        throw error
      })
      if (answer.status === 503) at = (at + 1) % clients.length
      return answer
    },
  }
}

/**
 * Desks on one Kafka, of which the one that leads is killed (-9) or frozen for longer than a session, round after round, while findings come
 * and people work: the chain is whole, every finding and every answered action is in it once, and who only reads goes on answering.
 */
export const describeDesks = ({ desks, rounds, lacks }: { desks: number; rounds: number; lacks: string | null }): void => {
  describe.skipIf(lacks !== null)(
    `${desks} desks on one Kafka${lacks === null ? '' : ` (skipped: ${lacks})`}`,
    { timeout: 3_600_000 },
    () => {
      const seed = Number(process.env['WARDWATCH_SEED'] ?? Date.now() % 1_000_000)
      const sent: SentAction[] = []
      let all: DeskMachines
      const people: DeskClient[] = []
      let offset = 0

      const records = async <T>(topic: LogTopicName, parse: (value: unknown) => T): Promise<T[]> => {
        const found: T[] = []
        for (const { partition, earliest, next } of await all.log.ranges([topic]))
          for await (const batch of all.log.read(topic, partition, earliest, next))
            for (const { value } of batch.records) found.push(parse(JSON.parse(Buffer.from(value).toString('utf8'))))
        return found
      }
      const chain = (): Promise<CaseEvent[]> => records('cases.v1', (value) => caseEvent.parse(value))
      const alertsAt = async (machine: DeskMachine): Promise<readonly AlertView[]> =>
        (await all.admin.at(machine.base).get<{ items: AlertView[] }>('/alerts?limit=500')).items
      const leader = async (): Promise<DeskMachine> => {
        let found: DeskMachine | null = null
        await until('a desk leads', async () => (found = await all.leader()) !== null)
        return found!
      }
      const appendFindings = (): Promise<void> =>
        writeFindings(
          all.log,
          devices.map((device) => findingAt(++offset, { device })),
        )

      beforeAll(async () => {
        all = await startDeskMachines(desks)
        for (const name of names) people.push(await tokenOf(await newPerson(all.admin, name, 'analyst'), 'triage'))
        await appendFindings()
        await until('an alert of each device', async () => (await alertsAt(all.machines[0]!)).length === devices.length)
      }, 180_000)
      afterAll(() => all?.stop(), 60_000)

      it('the first one leads; the others answer the same and refuse to change anything, naming it', async () => {
        const [first, ...others] = all.machines
        expect(await first!.leads()).toBe(true)
        const known = await alertsAt(first!)
        for (const other of others) {
          const person = all.admin.at(other.base)
          expect(await other.leads()).toBe(false)
          await until('it has folded the same', async () => JSON.stringify(await alertsAt(other)) === JSON.stringify(known))
          const refused = await person.ask('POST', `/alerts/${known[0]!.id}/note`, { body: { note: 'x' }, version: known[0]!.version })
          expect(refused).toMatchObject({ status: 503, body: { type: 'urn:wardwatch:problem:not-leading', leader: first!.base } })
          expect(await person.ask('POST', '/session/password', { body: { account: 'admin', password: 'whatever-it-is' } })).toMatchObject({
            status: 503,
          })
          expect((await person.get<{ signs: { readsOnly: unknown } }>('/pipeline')).signs.readsOnly).toEqual({ leader: first!.base })
          const link = await ask(other.data, 'account-link', { account: 'admin' })
          expect(link).toMatchObject({ ok: false, problem: expect.stringContaining(first!.base) as string })
        }
        expect((await all.admin.get<{ signs: { readsOnly: unknown } }>('/pipeline')).signs.readsOnly).toBeNull()
      })

      it('one with another CA is refused, says why, and leaves no control socket', async () => {
        await expect(all.startStranger()).rejects.toThrow(/can't stand for the lead: .* has another CA/)
        expect(existsSync(controlSocketPath(all.dataOf('stranger')))).toBe(false)
        expect(await (await leader()).leads()).toBe(true)
      })

      for (let round = 0; round < rounds; round++)
        it(`round ${round + 1}: the leader ${round % 2 === 0 ? 'is killed' : 'is frozen and wakes up again'} (seed ${seed})`, async () => {
          const random = randomFor(seed, `round ${round}`)
          const before = await leader()
          const role = await before.role()
          const known = await alertsAt(before)
          const hitAt = random.integer(20, actionsARound / 2)
          let through = 0
          const hits: Promise<void>[] = []
          let working = true
          const strike = async (): Promise<void> => {
            if (round % 2 === 0) {
              process.kill(role.pid!, 'SIGKILL')
              return
            }
            process.kill(role.pid!, 'SIGSTOP')
            try {
              await until('another leads', () => othersLead(before))
            } finally {
              process.kill(role.pid!, 'SIGCONT')
            }
          }
          const othersLead = async (not: DeskMachine): Promise<boolean> => {
            for (const machine of all.machines) if (machine !== not && (await machine.leads())) return true
            return false
          }
          const finding = (async () => {
            while (working) {
              await appendFindings()
              await new Promise((resolve) => setTimeout(resolve, random.integer(20, 200)))
            }
          })()
          let reads = 0
          const reading = (async () => {
            const others = all.machines.filter((one) => one !== before)
            while (working) {
              for (const other of others) expect((await alertsAt(other)).length).toBe(devices.length)
              reads++
              await new Promise((resolve) => setTimeout(resolve, 20))
            }
          })()
          const beside = Promise.all([finding, reading])
          beside.catch(() => {})
          try {
            const done = await Promise.all(
              people.map((person, i) =>
                workOnAlerts(throughAny(person, all.machines), {
                  alerts: known.map(({ id }) => id),
                  closable: new Set(),
                  owners: names,
                  count: actionsARound / people.length,
                  name: `round ${round} ${i}`,
                  random: randomFor(seed, `round ${round}/${i}`),
                  onAction: () => {
                    if (++through === hitAt) hits.push(strike())
                  },
                }),
              ),
            )
            await Promise.all(hits)
            expect(hits).toHaveLength(1)
            sent.push(...done.flat())
          } finally {
            working = false
            await beside
          }
          expect(reads).toBeGreaterThan(0)
          expect(await verifyChain(all.log)).toMatchObject({ ok: true })
          // Its process ended, by the kill or by what it read when it woke up.
          await until('whoever led before has started over', async () => {
            const now = await before.role()
            return now.state === 'running' && now.restarts > role.restarts
          })
          await leader()
        })

      it('every answered action is in the chain once, every finding too, and all desks say the same', async () => {
        const events = async (): Promise<CaseEvent[]> => (await chain()).filter(({ type }) => type === 'finding.folded')
        await until('every finding is in the chain', async () => (await events()).length >= offset)
        const folded = (await chain()).flatMap((event) => (event.type === 'finding.folded' ? [event.finding] : []))
        expect(folded).toHaveLength(offset)
        expect(new Set(folded).size).toBe(offset)
        const compared = compareWithChain(sent, await chain())
        expect({ lost: compared.lost, strange: compared.strange }).toEqual({ lost: [], strange: [] })
        expect(await verifyChain(all.log)).toMatchObject({ ok: true, events: (await chain()).length })
        // As many a device as a single desk would have: each finding of a device is in its one alert.
        const leading = await leader()
        for (const { count } of await alertsAt(leading)) expect(count).toBe(offset / devices.length)
        const newest = JSON.stringify(await alertsAt(leading))
        for (const machine of all.machines)
          await until(`${machine.name} says the same`, async () => JSON.stringify(await alertsAt(machine)) === newest)
        const terms = await records('leaders.v1', (value) => leadTaken.parse(value))
        expect(terms.length).toBeGreaterThan(rounds)
        console.log(
          `${rounds} rounds, seed ${seed}: ${offset} findings, ${sent.filter(({ end }) => end === 'done').length} actions done, ${compared.doneAfterAll} done without an answer, ${terms.length} times the lead was taken`,
        )
      })
    },
  )
}
