import { connect } from 'node:tls'

/** From /proc/net/tcp and tcp6: the ports that are open beyond loopback, ascending. */
export const listeningPorts = (table: string): readonly number[] => {
  const ports = new Set<number>()
  for (const line of table.split('\n')) {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    const loopback = /^0100007F$|^0{24}01000000$|^0{8}0{8}FFFF00000100007F$/i.test(address)
    // Docker's own resolver listens on 127.0.0.11.
    if (state === '0A' && !loopback && !/7F$/i.test(address.slice(0, 8))) ports.add(Number.parseInt(port, 16))
  }
  return [...ports].sort((a, b) => a - b)
}

/** What a TLS handshake ends in: the protocol's version, with a certificate for this name of this CA, or why not. */
export const handshake = (host: string, port: number, name: string, caPem: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, servername: name, ca: caPem, timeout: 5_000 }, () => {
      resolve(socket.getProtocol() ?? 'none')
      socket.destroy()
    })
    socket.on('timeout', () => socket.destroy(new Error('no answer')))
    socket.on('error', (error) => resolve(error.message))
  })
