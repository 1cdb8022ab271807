import { isIP } from 'node:net'

const namesMax = 100
const hostNameMax = 253
const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/i

/** A host's name as RFC 1123 has it. One that ends in digits only is a mistyped address. */
const isHostName = (name: string): boolean => {
  const labels = name.split('.')
  return name.length <= hostNameMax && labels.every((one) => label.test(one)) && !/^\d+$/.test(labels.at(-1)!)
}

/** Why a server's certificate can't be issued for these names and addresses; null when it can. */
export const serverNamesFault = (names: readonly string[]): string | null => {
  if (names.length === 0 || names.length > namesMax) return `a certificate is for 1 to ${namesMax} names, not ${names.length}`
  if (names.includes('')) return 'one of the names is empty'
  // An IPv6 zone means something on one machine only.
  const wrong = names.find((name) => (isIP(name) === 0 || name.includes('%')) && !isHostName(name))
  if (wrong === undefined) return null
  const shown = JSON.stringify(wrong.length > 80 ? `${wrong.slice(0, 80)}..` : wrong)
  return `${shown} is neither a host name (letters, digits and hyphens between dots, at most ${hostNameMax}) nor an IP address`
}
