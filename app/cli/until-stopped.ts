/** One Ctrl-C may come several times: from the terminal, from npm and from the launcher. What comes this much later is a second one, ms. */
const sameStopMs = 1_000

/**
 * Listens for Ctrl-C and TERM from now on, so that one that comes while the platform still starts is not lost. A second Ctrl-C ends the
 * process at once.
 */
export const listenForStop = (): { readonly asked: Promise<void>; after(ms: number | undefined): Promise<void> } => {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  let firstAtMs: number | null = null
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      const nowMs = performance.now()
      if (firstAtMs !== null && nowMs - firstAtMs > sameStopMs) process.exit(130)
      firstAtMs ??= nowMs
      resolve()
    })
  return {
    asked,
    async after(ms) {
      let timer: NodeJS.Timeout | undefined
      await Promise.race([asked, ...(ms === undefined ? [] : [new Promise((done) => (timer = setTimeout(done, ms)))])])
      clearTimeout(timer)
    },
  }
}
