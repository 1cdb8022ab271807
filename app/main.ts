import { dispatch } from './cli/dispatch.ts'

// A reader that has gone (wardwatch query .. | head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

const code = await dispatch(process.argv.slice(2))
// Handles that a library keeps open must not keep a finished command alive.
process.exit(code)
