#!/usr/local/bin/node
// What the stand-in image has for /usr/bin/clickhouse-server: takes from the server's own configuration what the stand-in can honour.
import { readFileSync } from 'node:fs'

const file = process.argv.find((word) => word.startsWith('--config-file='))?.slice('--config-file='.length)
if (file === undefined) throw new Error('clickhouse-server needs --config-file=')
const withoutComments = (path) => readFileSync(path, 'utf8').replaceAll(/<!--[\s\S]*?-->/g, '')
const of = (xml, name) => {
  const found = new RegExp(`<${name}>\\s*([^<]+?)\\s*</${name}>`).exec(xml)?.[1]
  if (found === undefined) throw new Error(`${file}: the stand-in needs <${name}>`)
  return found
}
const xml = withoutComments(file)
for (const name of ['http_port', 'tcp_port', 'mysql_port', 'postgresql_port', 'interserver_http_port'])
  if (xml.includes(`<${name}>`)) throw new Error(`${file}: <${name}> is spoken without TLS`)
const users = withoutComments(of(/<users_xml>([\s\S]*?)<\/users_xml>/.exec(xml)?.[1] ?? '', 'path'))
const path = of(xml.replace(/<user_directories>[\s\S]*?<\/user_directories>/, ''), 'path')
Object.assign(process.env, {
  STAND_IN_DIRECTORY: path.replace(/\/$/, ''),
  STAND_IN_HOST: '0.0.0.0',
  STAND_IN_PORT: of(xml, 'https_port'),
  STAND_IN_CERTIFICATE: of(xml, 'certificateFile'),
  STAND_IN_KEY: of(xml, 'privateKeyFile'),
  STAND_IN_PASSWORD_SHA256: of(users, 'password_sha256_hex'),
})
// Where the image has it (clickhouse.Dockerfile).
const standIn = '/stand-in/test/clickhouse/stand-in.ts'
await import(standIn)
