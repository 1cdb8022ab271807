const loopback = new Set(['localhost', '127.0.0.1', '::1'])

/** The name in a `Host` header, without its port; null when it is none. */
export const hostName = (header: string | undefined): string | null => {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header ?? '')
  return match === null ? null : (match[1] ?? match[2]!).toLowerCase().replace(/\.$/, '')
}

/** Whether the desk is called by a name of its own. Another site's name that was bent to this address (DNS rebinding) is refused. */
export const createHostCheck = (names: readonly string[]): ((header: string | undefined) => boolean) => {
  const known = new Set([...loopback, ...names.map((name) => name.toLowerCase())])
  return (header) => {
    const name = hostName(header)
    return name !== null && known.has(name)
  }
}
