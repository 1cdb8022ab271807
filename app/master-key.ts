import { hkdfSync, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeDirectory } from './make-directory.ts'

export type MasterKey =
  | { readonly ok: true; readonly key: Buffer; readonly from: string }
  | { readonly ok: false; readonly problem: string }

const hexKey = /^[0-9a-f]{64}$/i

/**
 * The key that everything at rest is sealed under: `WARDWATCH_KEY` (64 hex digits), else a key file that only its owner can read,
 * made with 32 random bytes when the data directory is new.
 */
export const loadMasterKey = (options: {
  readonly data: string
  readonly keyFile: string | undefined
  readonly fromEnvironment: string | undefined
  /** False where the key is another machine's too: a new one would open nothing. Default: true. */
  readonly mayMake?: boolean
}): MasterKey => {
  const { data, fromEnvironment } = options
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    if (!hexKey.test(fromEnvironment))
      return { ok: false, problem: 'WARDWATCH_KEY: it must be 64 hexadecimal digits (32 bytes); make one with: openssl rand -hex 32' }
    return { ok: true, key: Buffer.from(fromEnvironment, 'hex'), from: 'WARDWATCH_KEY' }
  }
  const file = options.keyFile ?? join(data, 'master.key')
  if (!existsSync(file)) {
    if (existsSync(join(data, 'log')))
      return {
        ok: false,
        problem: `${file} is missing, and ${data} holds sealed data: put the key file back, or give the key in WARDWATCH_KEY`,
      }
    if (options.mayMake === false)
      return {
        ok: false,
        problem: `${file} is missing: this machine shares what is sealed with others; put their key there (mode 0600), or give it in WARDWATCH_KEY`,
      }
    const unusable = makeDirectory(dirname(file))
    if (unusable !== null) return { ok: false, problem: `keyFile: ${unusable}` }
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
    chmodSync(file, 0o600)
  }
  return readKeyFile(file)
}

export type LogKeys =
  | { readonly ok: true; readonly keys: readonly [Buffer, ...Buffer[]] }
  | { readonly ok: false; readonly problem: string }

const logKeysMax = 4

/** The log's own key, on a machine that is not to have the master key; a line each where it is being changed: the first seals, all of them open. */
export const readLogKeys = (file: string): LogKeys => {
  if (!existsSync(file)) return { ok: false, problem: `log.keyFile: ${file} is missing` }
  const read = readSecretLines(file)
  if (!read.ok) return read
  const lines = read.lines.map((line) => line.toLowerCase())
  const [first, ...others] = lines.map((line) => Buffer.from(line, 'hex'))
  if (first === undefined || lines.length > logKeysMax || !lines.every((line) => hexKey.test(line)) || new Set(lines).size < lines.length)
    return { ok: false, problem: `${file}: it must hold 64 hexadecimal digits (32 bytes), or up to ${logKeysMax} such lines that differ` }
  return { ok: true, keys: [first, ...others] }
}

/**
 * Whether others than who is meant could read or change a key file. Its owner alone may read it; or, as PostgreSQL has it, the group too where root
 * owns the file and we are not root: so Kubernetes mounts a secret, and the group is the container's own.
 */
export const keyFileIsOpen = ({ mode, uid }: { readonly mode: number; readonly uid: number }, ownUid: number): boolean =>
  (mode & (uid === 0 && ownUid !== 0 ? 0o037 : 0o077)) !== 0

const readSecretLines = (
  file: string,
): { readonly ok: true; readonly lines: readonly string[] } | { readonly ok: false; readonly problem: string } => {
  if (process.platform !== 'win32' && keyFileIsOpen(statSync(file), process.getuid!()))
    return { ok: false, problem: `${file} can be read by others than its owner: chmod 600 ${file}` }
  return {
    ok: true,
    lines: readFileSync(file, 'utf8')
      .trim()
      .split(/\s*\n\s*/),
  }
}

const readKeyFile = (file: string): MasterKey => {
  const read = readSecretLines(file)
  if (!read.ok) return read
  const [text = '', ...more] = read.lines
  if (!hexKey.test(text) || more.length > 0) return { ok: false, problem: `${file}: it must hold 64 hexadecimal digits (32 bytes)` }
  return { ok: true, key: Buffer.from(text, 'hex'), from: file }
}

/** What a role may know: each gets the keys of its own stores and no other. */
export type KeyPurpose = 'log' | 'state' | 'store' | 'authority'

/** HKDF-SHA-256 (RFC 5869): one key a purpose, so that a role that holds one can't open another's. */
export const deriveKey = (master: Buffer, purpose: KeyPurpose): Buffer =>
  Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `wardwatch/${purpose}/v1`, 32))
