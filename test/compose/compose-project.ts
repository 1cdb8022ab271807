import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { docker } from '../images/docker.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

/** What `docker inspect` says of a container, as far as it is looked at here. */
export interface Container {
  readonly Id: string
  readonly State: { readonly Status: string; readonly ExitCode: number; readonly Health?: { readonly Status: string } }
  readonly Config: { readonly User: string; readonly Env: readonly string[]; readonly Cmd: readonly string[] | null }
  readonly HostConfig: {
    readonly Privileged: boolean
    readonly ReadonlyRootfs: boolean
    readonly CapAdd: readonly string[] | null
    readonly CapDrop: readonly string[] | null
    readonly SecurityOpt: readonly string[] | null
    readonly Memory: number
    readonly NanoCpus: number
    readonly PidsLimit: number | null
    readonly PidMode: string
    readonly NetworkMode: string
    readonly Binds: readonly string[] | null
  }
  readonly Mounts: readonly { readonly Type: string; readonly Source: string; readonly Destination: string; readonly RW: boolean }[]
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>
    readonly Ports: Readonly<Record<string, readonly unknown[] | null>>
  }
}

export interface Compose {
  readonly project: string
  /** `docker-compose WORDS`; what it answers. Rejects with what it said. */
  call(...words: readonly string[]): Promise<string>
  /** A command in a service's container. */
  exec(service: string, ...words: readonly string[]): Promise<string>
  inspect(service: string): Promise<Container>
  idOf(service: string): Promise<string>
  /** What of this project is still there: containers, networks, volumes by name. */
  leftovers(): Promise<readonly string[]>
}

/** Debian's docker-compose 1.29, or Compose v2 as a plugin or under the same name. `WARDWATCH_COMPOSE_COMMAND` names another. */
const commandOf = (): readonly string[] => {
  const given = process.env['WARDWATCH_COMPOSE_COMMAND']
  if (given !== undefined) return given.split(' ')
  return spawnSync('docker-compose', ['version']).status === 0 ? ['docker-compose'] : ['docker', 'compose']
}

/** The docker-compose.yml of this repository, as a project of its own name. */
export const createCompose = (project: string, environment: Readonly<Record<string, string>>): Compose => {
  const [program, ...before] = commandOf() as [string, ...string[]]
  const call: Compose['call'] = async (...words) => {
    try {
      const { stdout } = await run(program, [...before, ...words], {
        cwd: root,
        env: { ...process.env, ...environment, COMPOSE_PROJECT_NAME: project },
        maxBuffer: 256 * 1_048_576,
      })
      return stdout
    } catch (error) {
      const { stderr = '' } = error as { stderr?: string }
      throw new Error(`docker-compose ${words.join(' ')}: ${stderr.slice(-4_000)}`, { cause: error })
    }
  }
  const label = `label=com.docker.compose.project=${project}`
  const idOf: Compose['idOf'] = async (service) => {
    const ids = (
      await docker('ps', '--all', '--quiet', '--no-trunc', '--filter', label, '--filter', `label=com.docker.compose.service=${service}`)
    ).split('\n')
    if (ids.length !== 1 || ids[0] === '') throw new Error(`${service} has ${ids.filter(Boolean).length} containers`)
    return ids[0]!
  }
  return {
    project,
    call,
    exec: (service, ...words) => call('exec', '-T', service, ...words),
    inspect: async (service) => (JSON.parse(await docker('inspect', await idOf(service))) as [Container])[0],
    idOf,
    async leftovers() {
      const lists = await Promise.all([
        docker('ps', '--all', '--filter', label, '--format', '{{.Names}}'),
        docker('network', 'ls', '--filter', label, '--format', '{{.Name}}'),
        docker('volume', 'ls', '--filter', label, '--format', '{{.Name}}'),
      ])
      return lists.flatMap((list) => list.split('\n')).filter(Boolean)
    },
  }
}
