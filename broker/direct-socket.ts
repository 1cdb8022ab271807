import type { Socket } from 'node:net'

/**
 * A socket's two ways without the queues of its streams, which cost the edge a tenth of its time when each device has one message in
 * flight: both runtimes hand a chunk to `push` and take one by `_write`, which is what an implementation of a stream has to offer. What the
 * streams are there for is kept: a paused socket buffers and is paused below, an end comes after what was buffered, and a write waits for the one before.
 */
export const readDirectly = (socket: Socket, take: (chunk: Buffer) => void): void => {
  socket.on('data', take)
  const push = socket.push
  socket.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    // Paused, or not yet done with what was buffered while it was: the stream knows the order.
    if (chunk === null || socket.readableFlowing !== true || socket.readableLength > 0) return push.call(socket, chunk, encoding)
    take(chunk)
    return true
  }
}

export interface DirectWriter {
  /** Bytes that the system has not taken yet. */
  readonly waitingBytes: number
  /** What comes after `end`, or when the socket is gone, is dropped. */
  write(bytes: Buffer): void
  /** Closes the sending side when all that waits, and `last`, is written. */
  end(last?: Buffer): void
}

/** Writes past the socket's own queue: nothing else may write to it or end it. Errors end in the socket's `close`. */
export const createDirectWriter = (socket: Socket): DirectWriter => {
  let writingBytes = 0
  let isWriting = false
  let isEnding = false
  let queue: Buffer[] = []
  let queuedBytes = 0

  const give = (bytes: Buffer): void => {
    isWriting = true
    writingBytes = bytes.length
    socket._write(bytes, 'buffer' as BufferEncoding, written)
  }
  const written = (error?: Error | null): void => {
    isWriting = false
    writingBytes = 0
    if (error !== undefined && error !== null) {
      queue = []
      queuedBytes = 0
      socket.destroy()
      return
    }
    if (queue.length > 0) {
      const all = queue.length === 1 ? queue[0]! : Buffer.concat(queue)
      queue = []
      queuedBytes = 0
      give(all)
    } else if (isEnding) socket.end()
  }
  const write = (bytes: Buffer): void => {
    if (isEnding || socket.destroyed) return
    if (!isWriting) {
      give(bytes)
      return
    }
    queue.push(bytes)
    queuedBytes += bytes.length
  }

  return {
    get waitingBytes() {
      return writingBytes + queuedBytes
    },
    write,
    end(last) {
      if (isEnding) return
      if (last !== undefined) write(last)
      isEnding = true
      if (!isWriting) socket.end()
    },
  }
}
