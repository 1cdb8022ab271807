import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

/**
 * Where a page never goes, whoever set the address: the metadata services of clouds (they hand out credentials), link-local, multicast and
 * unspecified addresses. Loopback and private ones are allowed: a hospital's relays are there.
 */
const forbidden = new BlockList()
forbidden.addSubnet('0.0.0.0', 8, 'ipv4')
forbidden.addSubnet('169.254.0.0', 16, 'ipv4')
forbidden.addAddress('100.100.100.200', 'ipv4')
forbidden.addAddress('192.0.0.192', 'ipv4')
forbidden.addAddress('168.63.129.16', 'ipv4')
forbidden.addSubnet('224.0.0.0', 3, 'ipv4')
forbidden.addAddress('::', 'ipv6')
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addSubnet('ff00::', 8, 'ipv6')
forbidden.addAddress('fd00:ec2::254', 'ipv6')
forbidden.addAddress('fd20:ce::254', 'ipv6')
/** IPv4 inside IPv6 that some systems translate (NAT64, 6to4, compatible): the detour to a forbidden one. */
forbidden.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')
forbidden.addSubnet('2002:a9fe::', 32, 'ipv6')
forbidden.addSubnet('::a9fe:0', 112, 'ipv6')

export const isAllowedAddress = (address: string): boolean => {
  const family = isIP(address)
  return family !== 0 && !forbidden.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

export type Resolved =
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly problem: string; readonly forGood: boolean }

/** The addresses to connect to, at least one. A name that leads anywhere forbidden is refused as a whole. `host` may have the brackets of a URL's IPv6 address. */
export const resolveAllowed = async (host: string, signal: AbortSignal): Promise<Resolved> => {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const addresses = isIP(bare) !== 0 ? [bare] : await addressesOf(bare, signal)
  if (addresses === null) return { ok: false, problem: 'the name of its server can not be resolved', forGood: false }
  if (!addresses.every(isAllowedAddress))
    return { ok: false, problem: 'its address is link-local, multicast or of a metadata service: nothing is sent there', forGood: true }
  return { ok: true, addresses }
}

const addressesOf = async (name: string, signal: AbortSignal): Promise<readonly string[] | null> => {
  // A lookup can't be stopped: what comes too late is not waited for.
  const stopped = Promise.withResolvers<null>()
  const stop = () => stopped.resolve(null)
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (signal.aborted) return null
    const found = await Promise.race([lookup(name, { all: true }), stopped.promise])
    return found === null || found.length === 0 ? null : found.map(({ address }) => address)
  } catch {
    return null
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
