/**
 * Listens for Ctrl-C and TERM from now on, so that one that comes while the platform still starts is not lost. A second Ctrl-C ends the
 * process at once.
 */
export const listenForStop = (): { readonly asked: Promise<void>; after(ms: number | undefined): Promise<void> } => {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  let times = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (++times > 1) process.exit(130)
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
