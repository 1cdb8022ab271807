import { readyImages } from './stand-ins.ts'

/** vitest's global set-up of `npm run test:compose`: what a test file is offered is decided when it is read. */
export const setup = async (): Promise<void> => {
  const { standIns } = await readyImages((line) => process.stderr.write(`images: ${line}\n`))
  if (standIns.length > 0) process.stderr.write(`images: STAND-INS, not the real ones: ${standIns.join(', ')}\n`)
}
