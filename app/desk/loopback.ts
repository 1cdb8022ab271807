import { isIP } from 'node:net'

/** Whether an address is this machine's own: the only one on which the desk speaks without TLS. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

const everywhere = new Set(['0.0.0.0', '::'])

/** Every name that the desk answers to: those of the settings, and its own address. */
export const deskNames = (host: string, names: readonly string[]): string[] => [
  ...new Set([...names, ...(everywhere.has(host) ? [] : [host])]),
]

/** What stands in a link: the address itself on loopback, else the first name. */
export const deskAuthority = (host: string, names: readonly string[], port: number): string => {
  const name = isLoopback(host) ? host : (names[0] ?? host)
  return `${isIP(name) === 6 ? `[${name}]` : name}:${port}`
}
