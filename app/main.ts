import { dispatch } from './cli/dispatch.ts'
import { followOutput } from './followed-output.ts'

// A reader that has gone (wardwatch query .. | head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
const gone = [process.stdout, process.stderr].map(followOutput)

const code = await dispatch(process.argv.slice(2))
await Promise.all(gone.map((all) => all()))
// Handles that a library keeps open must not keep a finished command alive.
process.exit(code)
