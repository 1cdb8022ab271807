import { proxySignature } from './proxy-header.ts'

/** A header of version 2 as tests get it right, or wrong: every field can be given. */
export const proxyHeader = (
  fields: {
    readonly version?: number
    readonly command?: number
    readonly family?: number
    readonly addresses?: readonly number[]
    readonly extensions?: Buffer
    readonly declaredBytes?: number
  } = {},
): Buffer => {
  const { version = 2, command = 1, family = 0x11, extensions = Buffer.alloc(0) } = fields
  const addresses = Buffer.from(fields.addresses ?? [10, 9, 8, 7, 10, 0, 0, 1, 0xc0, 0x00, 0x22, 0xb3])
  const length = fields.declaredBytes ?? addresses.length + extensions.length
  return Buffer.concat([proxySignature, Buffer.from([(version << 4) | command, family, length >> 8, length & 255]), addresses, extensions])
}

export const extension = (type: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 255]), value])

/** The addresses of a TCP6 header whose source are these 16 bytes. */
export const tcp6From = (source: Uint8Array): number[] => [...source, ...new Array<number>(16).fill(0), 0xc0, 0, 0x22, 0xb3]
