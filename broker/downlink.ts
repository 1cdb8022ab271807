import { Duplex } from 'node:stream'

/**
 * What aedes sees instead of a socket: packets that the gate hands over come out of it whole, and what aedes writes goes to the
 * device. No internals of aedes are needed. One option object serves all pipes, so a pipe costs no closures.
 */
export interface DownlinkPipe extends Duplex {
  ends: DownlinkEnds | null
}

export interface DownlinkEnds {
  /** Whole packets from aedes, to be written to the device. False: `resume` will be called when there is room again. */
  toDevice(packets: Buffer): boolean
  /** aedes has taken what was handed over and asks for more. */
  wanted(): void
  /** aedes has given the connection up. */
  gone(): void
}

/** Bytes of packets that wait for aedes; the gate stops reading beyond it. */
const waitingBytesMax = 4_096

const shared = {
  readableHighWaterMark: waitingBytesMax,
  writableHighWaterMark: 65_536,
  allowHalfOpen: false,
  decodeStrings: false,
  read(this: Duplex) {
    ;(this as DownlinkPipe).ends?.wanted()
  },
  write(this: Duplex, chunk: Buffer | string, encoding: BufferEncoding, done: (error?: Error | null) => void) {
    ;(this as DownlinkPipe).ends?.toDevice(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
    done()
  },
  // mqtt-packet writes a packet in parts under a cork: they come here together, so a packet is never cut by another writer's.
  writev(this: Duplex, chunks: { chunk: Buffer | string; encoding: BufferEncoding }[], done: (error?: Error | null) => void) {
    const parts = chunks.map(({ chunk, encoding }) => (typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk))
    ;(this as DownlinkPipe).ends?.toDevice(parts.length === 1 ? parts[0]! : Buffer.concat(parts))
    done()
  },
  destroy(this: Duplex, error: Error | null, done: (error?: Error | null) => void) {
    const pipe = this as DownlinkPipe
    const ends = pipe.ends
    pipe.ends = null
    ends?.gone()
    done(error)
  },
}

export const openDownlinkPipe = (ends: DownlinkEnds): DownlinkPipe => Object.assign(new Duplex(shared), { ends })
