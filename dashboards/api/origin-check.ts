interface Told {
  readonly origin?: string | undefined
  readonly 'sec-fetch-site'?: string | string[] | undefined
  readonly host?: string | undefined
}

/**
 * Whether a request that changes something comes from the desk's own pages. A browser says so by `Sec-Fetch-Site` and `Origin`; what sends
 * neither is no browser, and has no cookie that it did not mean to send.
 *
 * @param publicOrigins where browsers see the desk behind a proxy, which may hand on their `Host` or put the desk's address in its place
 */
export const createOriginCheck = (tls: boolean, publicOrigins: readonly string[]): ((headers: Told) => boolean) => {
  const known = new Set(publicOrigins)
  const publicHosts = new Set(publicOrigins.map((origin) => new URL(origin).host))
  return (headers) => {
    const site = headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
    if (headers.origin === undefined || known.has(headers.origin)) return true
    const host = headers.host ?? ''
    // Under a public name only TLS counts: its plain HTTP is anybody's who sits in between.
    return headers.origin === `${tls ? 'https' : 'http'}://${host}` && (tls || !publicHosts.has(host))
  }
}
