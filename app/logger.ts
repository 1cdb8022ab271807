import { type Logger as PinoLogger, destination, pino } from 'pino'
import type { Config } from './config.ts'

/** Where a secret may stand in a log line's fields: it is replaced by its name. */
const redactedPaths = [
  'key',
  'keyPem',
  'privateKeyPem',
  'password',
  'passwordHash',
  'authorization',
  'token',
  'keyHex',
  'logKeys',
  'stateKey',
  'storeKey',
  'authorityKey',
]

export interface LoggerOptions {
  readonly level: Config['logLevel']
  /** The process: `supervisor`, `edge-0`, `detect`, `hub`. */
  readonly name: string
  /** A file to append to; standard error when absent. */
  readonly file?: string | undefined
}

/** JSON lines with secrets redacted at any of the first three levels. */
export const createLogger = ({ level, name, file }: LoggerOptions): PinoLogger =>
  pino(
    {
      name,
      level,
      redact: { paths: redactedPaths.flatMap((path) => [path, `*.${path}`, `*.*.${path}`]), censor: '[redacted]' },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination({ dest: file ?? 2, sync: true, mkdir: true }),
  )
