import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Place } from '../platform/place.ts'

/** Hosts on one switch: network namespaces, each with an address of its own. Nothing of it is in the machine's own network. */
export interface NetworkLab {
  place(host: string): Place
  /** Nothing passes between the two, in either direction, and nobody is told: packets are dropped. */
  partition(one: string, other: string): void
  heal(one: string, other: string): void
  /** Kills what still runs in it, and takes it down. */
  close(): void
}

const prefix = 'wwlab'
const tool = (name: string): string | undefined => [`/usr/sbin/${name}`, `/sbin/${name}`].find((path) => existsSync(path))

const run = (program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const ip = (...args: readonly string[]): string => run(tool('ip')!, ...args)

/** Why there can be no lab on this machine; null when there can. */
export const lackingLab = (): string | null => {
  if (process.platform !== 'linux') return 'network namespaces are of Linux'
  for (const name of ['ip', 'iptables']) if (tool(name) === undefined) return `${name} is not installed`
  if (!existsSync('/usr/bin/curl')) return 'curl is not installed'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const probe = `${prefix}-${process.pid}-probe`
  try {
    ip('netns', 'add', probe)
    ip('netns', 'exec', probe, tool('iptables')!, '-w', '-L', 'INPUT')
    return null
  } catch {
    return 'network namespaces or iptables are not allowed here (NET_ADMIN)'
  } finally {
    removeNamespace(probe)
  }
}

const namespaces = (): string[] =>
  ip('netns', 'list')
    .split('\n')
    .map((line) => line.split(' ')[0]!)
    .filter((name) => name.startsWith(`${prefix}-`))

const removeNamespace = (name: string): void => {
  if (!namespaces().includes(name)) return
  for (const pid of ip('netns', 'pids', name).split('\n').filter(Boolean).map(Number))
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  ip('netns', 'del', name)
}

/** A lab is named after its process: one whose process is gone was left by a run that was killed. */
const removeLeftovers = (): void => {
  for (const name of namespaces()) if (!existsSync(`/proc/${name.split('-')[1]!}`)) removeNamespace(name)
}

export const startNetworkLab = (hosts: readonly string[]): NetworkLab => {
  const names = new Map(hosts.map((host) => [host, `${prefix}-${process.pid}-${host}`]))
  const hub = `${prefix}-${process.pid}-switch`
  const addressOf = (host: string): string => `10.77.0.${hosts.indexOf(host) + 10}`
  const nameOf = (host: string): string => {
    const name = names.get(host)
    if (name === undefined) throw new Error(`the lab has no host ${host}`)
    return name
  }
  const close = (): void => {
    process.removeListener('exit', close)
    for (const name of [...names.values(), hub]) removeNamespace(name)
  }
  removeLeftovers()
  process.once('exit', close)
  try {
    ip('netns', 'add', hub)
    ip('-n', hub, 'link', 'add', 'switch', 'type', 'bridge')
    ip('-n', hub, 'link', 'set', 'switch', 'up')
    for (const [host, name] of names) {
      const port = `port${hosts.indexOf(host)}`
      ip('netns', 'add', name)
      ip('-n', hub, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
      ip('-n', hub, 'link', 'set', port, 'master', 'switch', 'up')
      ip('-n', name, 'address', 'add', `${addressOf(host)}/24`, 'dev', 'eth0')
      ip('-n', name, 'link', 'set', 'lo', 'up')
      ip('-n', name, 'link', 'set', 'eth0', 'up')
    }
  } catch (error) {
    close()
    throw error
  }
  const through = (host: string): string[] => [tool('ip')!, 'netns', 'exec', nameOf(host)]
  // What arrives is dropped, at both ends: a drop on the way out would tell the sender.
  const drop = (action: '-A' | '-D', host: string, from: string): void => {
    ip('netns', 'exec', nameOf(host), tool('iptables')!, '-w', action, 'INPUT', '-s', addressOf(from), '-j', 'DROP')
  }
  const both = (action: '-A' | '-D', one: string, other: string): void => {
    drop(action, one, other)
    drop(action, other, one)
  }
  return {
    place: (host) => ({ address: addressOf(host), through: through(host) }),
    partition: (one, other) => both('-A', one, other),
    heal: (one, other) => both('-D', one, other),
    close,
  }
}
