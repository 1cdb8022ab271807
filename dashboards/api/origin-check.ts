/**
 * Whether a request that changes something comes from the desk's own pages. A browser says so by `Sec-Fetch-Site` and `Origin`; what sends
 * neither is no browser, and has no cookie that it did not mean to send.
 */
export const sameOrigin = (
  headers: {
    readonly origin?: string | undefined
    readonly 'sec-fetch-site'?: string | string[] | undefined
    readonly host?: string | undefined
  },
  tls: boolean,
): boolean => {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  return headers.origin === undefined || headers.origin === `${tls ? 'https' : 'http'}://${headers.host ?? ''}`
}
