import { BlockList, isIP } from 'node:net'

/** Networks, each `10.1.2.0/24`, `fd00:1::/64` or a single address. */
export interface AddressList {
  has(address: string): boolean
}

export type ParsedAddressList =
  | { readonly ok: true; readonly list: AddressList }
  /** One sentence that names the entry. */
  | { readonly ok: false; readonly problem: string }

/** Reads a list of networks; a `/0` is refused: it would trust whoever connects. An IPv4 address over an IPv6 socket is IPv4 (`plainAddress`). */
export const parseAddressList = (entries: readonly string[]): ParsedAddressList => {
  const networks = new BlockList()
  for (const entry of entries) {
    const [network = '', prefixText, ...more] = entry.split('/')
    const family = isIP(network)
    const bits = family === 4 ? 32 : 128
    const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : 0
    if (family === 0 || network.includes('%') || more.length > 0 || prefix < 1 || prefix > bits)
      return { ok: false, problem: `${entry}: an address or a network such as 10.1.2.0/24 or fd00:1::/64 is allowed` }
    networks.addSubnet(network, prefix, family === 4 ? 'ipv4' : 'ipv6')
  }
  return {
    ok: true,
    list: {
      has(address) {
        const plain = address.split('%')[0]!
        const family = isIP(plain)
        return family !== 0 && networks.check(plain, family === 4 ? 'ipv4' : 'ipv6')
      },
    },
  }
}
