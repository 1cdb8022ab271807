import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const socketPathBytesMax = 100

/** Where the running platform of a data directory listens: in the directory, or under the temporary directory when that path is too long for a socket. */
export const controlSocketPath = (data: string): string => {
  const path = join(resolve(data), 'control.sock')
  if (Buffer.byteLength(path) <= socketPathBytesMax) return path
  return join(tmpdir(), `wardwatch-${process.getuid?.() ?? 0}-${createHash('sha256').update(path).digest('hex').slice(0, 16)}.sock`)
}
