/**
 * Follows what is written to a stream; the answer waits until all of it has left the process, for what was written to a pipe may still be on its way when a command
 * is done. On Bun an empty write calls back before what was written earlier is gone, and to end the stream would end it for the parent that shares it.
 */
export const followOutput = (stream: NodeJS.WriteStream): (() => Promise<void>) => {
  const write = stream.write.bind(stream) as (chunk: string | Uint8Array, encoding: BufferEncoding | undefined, done: Done) => boolean
  let last: Promise<void> = Promise.resolve()
  stream.write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done): boolean => {
    const left = Promise.withResolvers<void>()
    if (chunk.length > 0) last = left.promise
    const told = typeof encoding === 'function' ? encoding : done
    return write(chunk, typeof encoding === 'string' ? encoding : undefined, (error) => {
      left.resolve()
      told?.(error)
    })
  }
  return () => last
}

type Done = (error?: Error | null) => void
