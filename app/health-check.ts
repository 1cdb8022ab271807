import { readFileSync } from 'node:fs'
import { get as getPlain } from 'node:http'
import { get as getSecure } from 'node:https'

/** Asks this machine's own readiness, for a container's HEALTHCHECK: exit code 0 when it is ready, else 1 with the reason. */
const environment = process.env
const port = Number(environment['WARDWATCH_METRICS_PORT'] ?? 9464)
const certificateFile = environment['WARDWATCH_METRICS_CERTIFICATE_FILE']
const options = { host: '127.0.0.1', port, path: '/readyz', timeout: 4_000 }
const asked =
  certificateFile === undefined
    ? getPlain(options)
    : // It has to be the very certificate that this machine was given.
      getSecure({ ...options, servername: 'localhost', ca: readFileSync(certificateFile), allowPartialTrustChain: true })
asked
  .on('response', (response) => {
    response.pipe(process.stdout)
    process.exitCode = response.statusCode === 200 ? 0 : 1
  })
  .on('timeout', () => asked.destroy(new Error('no answer in 4 s')))
  .on('error', (error) => {
    process.stdout.write(`${error.message}\n`)
    process.exitCode = 1
  })
