export const consoleDirectory: string
export const ensureConsole: (options?: {
  readonly log?: (line: string) => void
}) => Promise<{ readonly ok: true } | { readonly ok: false; readonly problem: string }>
export const firstScreenJsGzipBytes: () => number
