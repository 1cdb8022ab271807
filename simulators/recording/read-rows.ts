import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { pipeline } from 'node:stream'
import { parse } from 'csv-parse'

/** Why a recording cannot be read at all: an expected failure with one clear line. */
export class RecordingRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RecordingRefused'
  }
}

const isGzip = async (path: string): Promise<boolean> => {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

/**
 * The rows of a CSV, plain or gzip (told by its first bytes), the header first. Rows may differ in length. Throws `RecordingRefused` when the
 * file cannot be opened, unpacked or parsed.
 */
export async function* readRows(path: string, delimiter: string): AsyncGenerator<string[]> {
  try {
    const zipped = await isGzip(path)
    const parser = parse({ delimiter, bom: true, relax_column_count: true, skip_empty_lines: true, max_record_size: 65_536 })
    const fail = (error: NodeJS.ErrnoException | null): void => {
      if (error !== null && error !== undefined) parser.destroy(error)
    }
    if (zipped) pipeline(createReadStream(path), createGunzip(), parser, fail)
    else pipeline(createReadStream(path), parser, fail)
    for await (const row of parser) yield row as string[]
  } catch (error) {
    throw new RecordingRefused(`${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
