import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask } from '../control/client.ts'
import { issueFromStopped, type ServerCertificate } from '../issue-certificate.ts'
import { serverNamesFault } from '../server-names.ts'
import { BadCall, type Command, textFlag } from './command.ts'
import { configOf, settingsFlags } from './settings-flags.ts'

export const certificateCommand: Command = {
  name: 'certificate',
  summary: "issues a server certificate of the platform's CA, for an edge on another machine; also before the first start",
  usage: '--names NAMES --out DIR',
  example: 'npx wardwatch certificate --names broker.hospital.example,10.1.2.3 --out ./edge',
  flags: {
    ...Object.fromEntries(['config', 'data', 'key-file', 'site', 'mqtt-names'].map((name) => [name, settingsFlags[name]!] as const)),
    names: { value: 'NAMES', help: 'names and addresses that it is called by, separated by commas' },
    out: { value: 'DIR', help: 'where ca.crt, server.crt and server.key are written' },
  },
  async run(call) {
    const named = textFlag(call, 'names') ?? ''
    if (named === '') throw new BadCall('certificate needs --names NAMES')
    const names = named.split(',').map((name) => name.trim())
    const fault = serverNamesFault(names)
    if (fault !== null) throw new BadCall(`--names: ${fault}`)
    const out = textFlag(call, 'out')
    if (out === undefined) throw new BadCall('certificate needs --out DIR')
    const config = configOf(call)
    const asked = await ask<ServerCertificate>(config.data, 'server-certificate', { names })
    const issued = asked.ok || asked.reason !== 'not-running' ? asked : await issueFromStopped(config, process.env['WARDWATCH_KEY'], names)
    if (!issued.ok) {
      process.stderr.write(`wardwatch: ${issued.problem}\n`)
      return 1
    }
    const { certificatePem, privateKeyPem, caPem } = issued.value
    mkdirSync(out, { recursive: true, mode: 0o700 })
    writeFileSync(join(out, 'ca.crt'), caPem)
    writeFileSync(join(out, 'server.crt'), certificatePem)
    writeFileSync(join(out, 'server.key'), privateKeyPem, { mode: 0o600 })
    process.stdout.write(
      `${out} holds the certificate, its key and the CA; at the edge: --mqtt-certificate-file server.crt --mqtt-key-file server.key --mqtt-ca-file ca.crt\n`,
    )
    return 0
  },
}
