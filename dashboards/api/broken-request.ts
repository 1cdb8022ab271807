import type { Socket } from 'node:net'

const reasons: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
}

/** What is no HTTP is answered as a problem too, and the connection ends: what follows on it can't be told apart. */
export const answerBrokenRequest = (error: Error & { readonly code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, title] = reasons[error.code ?? ''] ?? [400, 'Bad Request']
  const body = JSON.stringify({ type: 'urn:wardwatch:problem:broken', title, status, requestId: '' })
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n${body}`,
  )
  // A client that keeps its half open would keep its place among the connections for ever.
  socket.destroySoon()
}
