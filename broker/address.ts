/** An address as it stands in observations: an IPv4 one that came over an IPv6 socket is shown as IPv4. */
export const plainAddress = (address: string | undefined): string => {
  if (address === undefined || address === '') return 'unknown'
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

/** What connection rates are counted by: the address; of IPv6 the /64, which one host may fill at will. */
export const rateKey = (address: string): string => {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups =
    tail === undefined ? left : [...left, ...new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
