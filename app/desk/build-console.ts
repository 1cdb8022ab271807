import { existsSync } from 'node:fs'

interface Builder {
  ensureConsole(parts: { readonly log: (line: string) => void }): Promise<{ readonly ok: boolean; readonly problem: string | null }>
}

/** Builds the console when its files are missing or older than its source. The platform runs without it. */
export const buildConsole = async (onProgress: (step: string) => void): Promise<void> => {
  const builder = new URL('../../dashboards/console/build.mjs', import.meta.url)
  if (!existsSync(builder)) {
    // An image holds it built, without what builds it.
    const built = existsSync(new URL('../../dashboards/console/dist/index.html', import.meta.url))
    return built ? undefined : onProgress('the console is not part of this copy: only its API is served')
  }
  try {
    const { ensureConsole } = (await import(builder.href)) as Builder
    const built = await ensureConsole({ log: onProgress })
    if (!built.ok) onProgress(`the console could not be built, only its API is served: ${built.problem ?? 'unknown'}`)
  } catch (error) {
    onProgress(
      `the console could not be built, only its API is served: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
    )
  }
}
