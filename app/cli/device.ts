import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { ask } from '../control/client.ts'
import { BadCall, type Command, textFlag } from './command.ts'
import { dataFlag, dataOf } from './settings-flags.ts'

interface Enrolled {
  readonly ok: true
  readonly record: { readonly device: string; readonly site: string }
  readonly certificatePem: string | null
  readonly privateKeyPem: string | null
  readonly caPem: string
}
type Answer = Enrolled | { readonly ok: false; readonly reason: string; readonly detail: string }

const failed = (problem: string): number => {
  process.stderr.write(`wardwatch: ${problem}\n`)
  return 1
}

export const deviceEnrolCommand: Command = {
  name: 'device enrol',
  summary: 'enrols a device and gives it a key and a certificate',
  usage: 'DEVICE --site SITE',
  example: 'npx wardwatch device enrol pump-17 --site north --ward ICU-2 --model "Infusomat Space" --out ./pump-17',
  flags: {
    ...dataFlag,
    site: { value: 'SITE', help: 'the site it belongs to (a level of its topics)' },
    ward: { value: 'WARD', help: 'where it stands' },
    model: { value: 'MODEL', help: 'what it is' },
    firmware: { value: 'VERSION', help: 'the firmware it was delivered with' },
    out: { value: 'DIR', help: 'where ca.crt, device.crt and device.key are written (default: ./DEVICE)' },
    csr: { value: 'FILE', help: 'signs this certificate request (PEM) instead of making a key' },
    password: { help: 'a legacy device without certificates: asks for a password (a line on standard input), user name is the device id' },
    renew: { help: 'gives an enrolled device a new certificate; the old one is refused from then on' },
    reinstate: { help: 'enrols a revoked device again, with a new certificate' },
  },
  positionalsMin: 1,
  async run(call) {
    const device = call.positionals[0]!
    const site = textFlag(call, 'site')
    if (site === undefined) throw new BadCall('device enrol needs --site SITE')
    const csr = textFlag(call, 'csr')
    const password = call.flags['password'] === true ? await readPassword() : undefined
    const answer = await ask<Answer>(dataOf(call), 'enrol', {
      device,
      site,
      ...(textFlag(call, 'ward') === undefined ? {} : { ward: textFlag(call, 'ward') }),
      ...(textFlag(call, 'model') === undefined ? {} : { model: textFlag(call, 'model') }),
      ...(textFlag(call, 'firmware') === undefined ? {} : { firmware: textFlag(call, 'firmware') }),
      ...(csr === undefined ? {} : { csrPem: readFileSync(csr, 'utf8') }),
      ...(password === undefined ? {} : { password }),
      ...(call.flags['renew'] === true ? { again: 'renew' } : {}),
      ...(call.flags['reinstate'] === true ? { reinstate: true } : {}),
    })
    if (!answer.ok) return failed(answer.problem)
    const enrolled = answer.value
    if (!enrolled.ok) return failed(enrolled.detail)
    const out = textFlag(call, 'out') ?? join('.', device)
    mkdirSync(out, { recursive: true, mode: 0o700 })
    writeFileSync(join(out, 'ca.crt'), enrolled.caPem)
    if (enrolled.certificatePem !== null) writeFileSync(join(out, 'device.crt'), enrolled.certificatePem)
    if (enrolled.privateKeyPem !== null) writeFileSync(join(out, 'device.key'), enrolled.privateKeyPem, { mode: 0o600 })
    const status = await ask<{ mqttPort: number }>(dataOf(call), 'status')
    const port = status.ok && status.value.mqttPort > 0 ? status.value.mqttPort : 'PORT'
    const proof =
      enrolled.certificatePem === null
        ? `-u ${device} -P PASSWORD`
        : `--cert ${join(out, 'device.crt')} --key ${csr === undefined ? join(out, 'device.key') : 'YOUR.KEY'}`
    process.stdout.write(
      `${device} is enrolled at ${site}; its files are in ${out}\n` +
        `try: mosquitto_pub -h localhost -p ${port} --cafile ${join(out, 'ca.crt')} ${proof} -i ${device} -q 1 -t v1/${site}/${device}/telemetry -m '{"vitals":{"hr":72}}'\n`,
    )
    return 0
  },
}

/** One line from standard input; asked for without echo would need a terminal library, so a pipe or a here-string is the safe way. */
const readPassword = async (): Promise<string> => {
  const lines = createInterface({ input: process.stdin, terminal: false })
  if (process.stdin.isTTY) process.stderr.write('password (12 characters or more; it is shown): ')
  for await (const line of lines) return line
  throw new BadCall('device enrol --password reads the password from standard input, and there was none')
}

export const deviceRevokeCommand: Command = {
  name: 'device revoke',
  summary: 'revokes a device: it is disconnected at once and refused from then on',
  usage: 'DEVICE',
  example: 'npx wardwatch device revoke pump-17 --reason "lost on the way to repair"',
  flags: { ...dataFlag, reason: { value: 'TEXT', help: 'why, for the record' } },
  positionalsMin: 1,
  async run(call) {
    const reason = textFlag(call, 'reason')
    const answer = await ask<{ ok: boolean; detail?: string }>(dataOf(call), 'revoke', {
      device: call.positionals[0],
      ...(reason === undefined ? {} : { reason }),
    })
    if (!answer.ok) return failed(answer.problem)
    if (!answer.value.ok) return failed(answer.value.detail ?? 'refused')
    process.stdout.write(`${call.positionals[0]} is revoked\n`)
    return 0
  },
}

interface Listed {
  readonly device: string
  readonly site: string
  readonly ward: string
  readonly model: string
  readonly firmware: string | null
  readonly status: string
  readonly signsIn: string
}

export const deviceListCommand: Command = {
  name: 'device list',
  summary: 'lists the devices that are known',
  usage: '',
  example: 'npx wardwatch device list --json',
  flags: { ...dataFlag, json: { help: 'one JSON object a line' } },
  async run(call) {
    const answer = await ask<{ devices: readonly Listed[] }>(dataOf(call), 'devices')
    if (!answer.ok) return failed(answer.problem)
    for (const device of answer.value.devices.toSorted((a, b) => (a.device < b.device ? -1 : 1)))
      process.stdout.write(
        call.flags['json'] === true
          ? `${JSON.stringify(device)}\n`
          : `${device.device.padEnd(24)} ${device.status.padEnd(9)} ${device.site.padEnd(14)} ${device.ward.padEnd(12)} ${device.model.padEnd(24)} ${device.signsIn}\n`,
      )
    return 0
  },
}

export const deviceCommandCommand: Command = {
  name: 'device command',
  summary: 'sends a command to a device; it is kept until the device takes it or it expires',
  usage: 'DEVICE PAYLOAD',
  example: `npx wardwatch device command pump-17 '{"do":"report"}'`,
  flags: dataFlag,
  positionalsMin: 2,
  async run(call) {
    const [device, payload] = call.positionals
    const answer = await ask<{ ok: boolean; id?: string; problem?: string }>(dataOf(call), 'command', { device, payload })
    if (!answer.ok) return failed(answer.problem)
    if (!answer.value.ok) return failed(answer.value.problem ?? 'refused')
    process.stdout.write(`command ${answer.value.id} is on its way\n`)
    return 0
  },
}
