import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Alert, type AlertState, alertStates } from '../../contracts/alert.ts'
import { createCaseFold } from '../../triage/group/fold.ts'
import { restore } from '../../triage/restore.ts'
import { type ChainReport, verifyChain } from '../../triage/verify/verify-chain.ts'
import { alertLine, printable } from '../board/render.ts'
import { ask } from '../control/client.ts'
import { withStoppedLog } from '../stopped-log.ts'
import { BadCall, type Call, type Command, textFlag, wholeNumber } from './command.ts'
import { configOf, logFlags } from './settings-flags.ts'

const failed = (problem: string): number => {
  process.stderr.write(`wardwatch: ${problem}\n`)
  return 1
}

/** Asks the running platform, or reads the log of one that is stopped. */
const fromEither = async <T>(
  call: Call,
  operation: string,
  body: object,
  stopped: Parameters<typeof withStoppedLog<T>>[1],
): Promise<{ ok: true; value: T } | { ok: false; problem: string }> => {
  const config = configOf(call)
  const asked = await ask<T>(config.data, operation, body)
  if (asked.ok || asked.reason !== 'not-running') return asked
  if (config.log.kind === 'lmdb' && !existsSync(join(config.data, 'log')))
    return { ok: false, problem: `${config.data} holds no Wardwatch data: name the directory with --data` }
  return withStoppedLog(config, stopped)
}

/** `--state new,acknowledged`; undefined without it. */
const statesOf = (call: Call): readonly AlertState[] | undefined => {
  const text = textFlag(call, 'state')
  if (text === undefined) return undefined
  return text.split(',').map((word) => {
    const state = alertStates.find((known) => known === word)
    if (state === undefined) throw new BadCall(`--state ${text}: ${alertStates.join(', ')} are allowed, separated by commas`)
    return state
  })
}

/** What people have made of it, for the end of the line. */
const standing = ({ state, owner, verdict, snoozedUntil }: Alert): string =>
  [
    state,
    ...(owner === null ? [] : [`owner ${printable(owner)}`]),
    ...(snoozedUntil === null ? [] : [`until ${new Date(snoozedUntil).toISOString()}`]),
    ...(verdict === null ? [] : [verdict]),
  ].join(', ')

export const alertsCommand: Command = {
  name: 'alerts',
  summary: 'lists the alerts, the last changed first',
  usage: '',
  example: 'npx wardwatch alerts --state new,acknowledged --limit 20 --json',
  flags: {
    ...logFlags,
    json: { help: 'one JSON object a line' },
    limit: { value: 'N', help: 'how many at the most (default 100)' },
    state: { value: 'STATES', help: `only those: ${alertStates.join(', ')}, separated by commas` },
  },
  async run(call) {
    const limit = wholeNumber(call, 'limit', 100, 1, 10_000)
    const states = statesOf(call)
    const answer = await fromEither<{ alerts: readonly Alert[] }>(
      call,
      'alerts',
      { limit, ...(states === undefined ? {} : { states }) },
      async (log) => {
        const fold = createCaseFold()
        await restore(log, fold)
        return { alerts: fold.newest(limit, states) }
      },
    )
    if (!answer.ok) return failed(answer.problem)
    for (const alert of answer.value.alerts)
      process.stdout.write(
        call.flags['json'] === true
          ? `${JSON.stringify(alert)}\n`
          : `${new Date(alert.lastSeen).toISOString()} ${alert.id} ${alertLine(alert)} [${standing(alert)}]\n`,
      )
    return 0
  },
}

export const alertsVerifyCommand: Command = {
  name: 'alerts verify',
  summary: 'checks the hash chain of cases.v1 and names the first broken link',
  usage: '',
  example: 'npx wardwatch alerts verify',
  flags: logFlags,
  async run(call) {
    const answer = await fromEither<ChainReport>(call, 'verify', {}, verifyChain)
    if (!answer.ok) return failed(answer.problem)
    const report = answer.value
    if (!report.ok)
      return failed(
        `the chain is broken at event ${report.sequence}${report.offset === null ? '' : ` (offset ${report.offset} of cases.v1)`}: ${report.problem}`,
      )
    process.stdout.write(`the chain is whole: ${report.events} events, last hash ${report.lastHash}\n`)
    return 0
  },
}
