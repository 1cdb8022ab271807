import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

const missingPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Wardwatch</title></head>
<body><h1>The console is not built</h1>
<p>The platform runs and its API answers under /api/v1. Build the console with</p>
<pre>node dashboards/console/build.mjs</pre>
<p>and load this page again.</p></body></html>
`

const immutable = 'public, max-age=31536000, immutable'

/** The built console: files as they are, hashed assets for ever, and its first page for every address that is a screen. */
export const serveConsole = (app: FastifyInstance, directory: string): ((request: FastifyRequest, reply: FastifyReply) => FastifyReply) => {
  const root = resolve(directory)
  void app.register(fastifyStatic, {
    root,
    serve: false,
    dotfiles: 'deny',
    index: false,
    cacheControl: false,
    setHeaders(response, path) {
      void response.header('cache-control', path.includes('/assets/') ? immutable : 'no-cache')
    },
  })
  return (request, reply) => {
    const path = request.url.split('?', 1)[0]!
    if (!existsSync(join(root, 'index.html')))
      return reply.code(503).type('text/html; charset=utf-8').header('cache-control', 'no-store').send(missingPage)
    // A screen's address has no file ending; a missing file is a 404, not a page.
    const last = path.slice(path.lastIndexOf('/') + 1)
    return last === '' || !/\.[A-Za-z0-9]{1,8}$/.test(last) ? reply.sendFile('index.html') : reply.sendFile(path)
  }
}
