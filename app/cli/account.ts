import { accountName, type Account, role, roles } from '../../contracts/api/access.ts'
import { ask } from '../control/client.ts'
import { BadCall, type Command, textFlag } from './command.ts'
import { dataFlag, dataOf } from './settings-flags.ts'

type LinkAnswer =
  | { readonly ok: true; readonly link: { readonly url: string; readonly expiresAt: number } }
  | { readonly ok: false; readonly detail: string }

const failed = (problem: string): number => {
  process.stderr.write(`wardwatch: ${problem}\n`)
  return 1
}

const nameOf = (text: string): string => {
  const parsed = accountName.safeParse(text)
  if (!parsed.success) throw new BadCall(`account ${text}: up to 64 lower-case letters, digits, '.', '_' and '-' are allowed`)
  return parsed.data
}

const tellLink = (account: string, answer: LinkAnswer): number => {
  if (!answer.ok) return failed(answer.detail)
  process.stdout.write(`${answer.link.url}\nsigns ${account} in once, until ${new Date(answer.link.expiresAt).toISOString()}\n`)
  return 0
}

export const accountLinkCommand: Command = {
  name: 'account link',
  summary: 'makes a new one-time link that signs somebody in to the console; an older one is void',
  usage: 'NAME',
  example: 'npx wardwatch account link admin',
  flags: dataFlag,
  positionalsMin: 1,
  async run(call) {
    const account = nameOf(call.positionals[0]!)
    const answer = await ask<LinkAnswer>(dataOf(call), 'account-link', { account })
    return answer.ok ? tellLink(account, answer.value) : failed(answer.problem)
  },
}

export const accountAddCommand: Command = {
  name: 'account add',
  summary: 'makes an account for the console and a one-time link for it',
  usage: 'NAME --role ROLE',
  example: 'npx wardwatch account add rosa --role analyst --display-name "Rosa Klein"',
  flags: {
    ...dataFlag,
    role: { value: 'ROLE', help: `what the account may do: ${roles.join(', ')}` },
    'display-name': { value: 'TEXT', help: 'what others see (default: the name)' },
  },
  positionalsMin: 1,
  async run(call) {
    const account = nameOf(call.positionals[0]!)
    const wanted = role.safeParse(textFlag(call, 'role'))
    if (!wanted.success) throw new BadCall(`account add needs --role ROLE: one of ${roles.join(', ')}`)
    const displayName = textFlag(call, 'display-name') ?? account
    if (displayName.length > 64) throw new BadCall('--display-name: at most 64 characters are allowed')
    const answer = await ask<LinkAnswer>(dataOf(call), 'account-add', { account, displayName, role: wanted.data })
    return answer.ok ? tellLink(account, answer.value) : failed(answer.problem)
  },
}

export const accountListCommand: Command = {
  name: 'account list',
  summary: 'lists the accounts of the console',
  usage: '',
  example: 'npx wardwatch account list --json',
  flags: { ...dataFlag, json: { help: 'one JSON object a line' } },
  async run(call) {
    const answer = await ask<{ readonly accounts: readonly Account[] }>(dataOf(call), 'account-list')
    if (!answer.ok) return failed(answer.problem)
    for (const account of answer.value.accounts)
      process.stdout.write(
        call.flags['json'] === true
          ? `${JSON.stringify(account)}\n`
          : `${account.account.padEnd(20)} ${account.role.padEnd(10)} ${account.disabled ? 'disabled' : account.hasPassword ? 'password' : 'no password'}  ${
              account.lastSignInAt === null ? 'never signed in' : `last in ${new Date(account.lastSignInAt).toISOString()}`
            }\n`,
      )
    return 0
  },
}
