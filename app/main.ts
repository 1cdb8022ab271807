import { dispatch } from './cli/dispatch.ts'

// A reader that has gone (wardwatch query .. | head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

const code = await dispatch(process.argv.slice(2))
// What was written to a pipe may still be on its way.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))))
// Handles that a library keeps open must not keep a finished command alive.
process.exit(code)
