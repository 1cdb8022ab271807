import { request } from 'node:https'
import type { Fetching } from '../platform/desk-client.ts'

/** `fetch` that trusts one CA and no other: Node's own takes authorities from the environment of its start only. */
export const trustingFetch =
  (caPem: string): Fetching =>
  (url, init) =>
    new Promise((resolve, reject) => {
      const asked = request(
        url,
        {
          ca: caPem,
          method: init.method ?? 'GET',
          headers: init.headers as Record<string, string>,
          ...(init.signal ? { signal: init.signal } : {}),
        },
        (answer) => {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk))
          answer.on('error', reject)
          answer.on('end', () => {
            const headers = new Headers()
            for (const [name, values] of Object.entries(answer.headersDistinct))
              for (const value of values ?? []) headers.append(name, value)
            const status = answer.statusCode ?? 0
            const body = Buffer.concat(chunks)
            resolve(new Response(body.length === 0 ? null : body, { status, headers }))
          })
        },
      )
      asked.on('error', reject)
      asked.end(typeof init.body === 'string' ? init.body : undefined)
    })
