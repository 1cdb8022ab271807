/** Names and attributes of the cookies. Under TLS the prefix `__Host-` keeps other hosts and paths from setting them. */
export interface Cookies {
  readonly session: string
  readonly browser: string
  set(name: string, value: string, maxAgeMs: number): string
  clear(name: string): string
}

const browserMs = 180 * 86_400_000

export const createCookies = (tls: boolean): Cookies & { readonly browserMs: number } => {
  const prefix = tls ? '__Host-' : ''
  const attributes = `Path=/; HttpOnly; SameSite=Strict${tls ? '; Secure' : ''}`
  return {
    session: `${prefix}wardwatch-session`,
    browser: `${prefix}wardwatch-browser`,
    browserMs,
    set: (name, value, maxAgeMs) => `${name}=${value}; Max-Age=${Math.floor(maxAgeMs / 1_000)}; ${attributes}`,
    clear: (name) => `${name}=; Max-Age=0; ${attributes}`,
  }
}

const secretPattern = /^[A-Za-z0-9_-]{16,128}$/

/** A cookie's value, if it could be one of ours. One that comes twice is none: somebody has planted the other. */
export const cookieOf = (header: string | undefined, name: string): string | null => {
  if (header === undefined) return null
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return values.length === 1 && secretPattern.test(values[0]!) ? values[0]! : null
}
