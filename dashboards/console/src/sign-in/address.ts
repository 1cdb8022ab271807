/** The one-time code of `#code=…`; null when there is none. */
export const codeIn = (hash: string): string | null => {
  const code = new URLSearchParams(hash.replace(/^#/, '')).get('code')
  return code === null || code === '' ? null : code
}

/** Where to go after signing in: only a path of the console itself, never another site. */
export const nextIn = (search: string): string => {
  const next = new URLSearchParams(search).get('next') ?? ''
  // oxlint-disable-next-line no-control-regex -- a browser drops tabs and line breaks from an address
  return /^\/(?![/\\])[^\\\u0000-\u001f]*$/.test(next) && !next.startsWith('/sign-in') ? next : '/alerts'
}
