import { afterEach, expect, it, vi } from 'vitest'
import { dispatch } from './dispatch.ts'

afterEach(() => vi.restoreAllMocks())

const acls = async (...users: readonly string[]) => {
  let [stdout, stderr] = ['', '']
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true))
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true))
  const code = await dispatch(['kafka', 'acls', ...users.flatMap((user) => ['--user', user])])
  return { code, stdout, stderr }
}

it.each([
  ['a name', 'ward-edge'],
  ["a certificate's subject, with every = of it", 'CN=wardwatch-edge,OU=Wards,O=Hospital'],
])('kafka acls gives the rights of a role to %s', async (_, name) => {
  const { code, stdout } = await acls(`edge=${name}`)
  expect(code).toBe(0)
  expect(stdout).toContain(`--allow-principal 'User:${name}'`)
  expect(stdout).not.toContain("'User:wardwatch-edge'")
  expect(stdout).toContain("'User:wardwatch-detect'")
})

it.each([
  ['everybody', 'edge=*'],
  ['nobody', 'edge='],
  ['no role', '=ward-edge'],
  ['a role that there is none of', 'door=ward-edge'],
  ['what would end its quotes', "edge=a' --allow-principal 'User:b"],
  ['a second line', 'edge=a\nrm -rf /'],
])('kafka acls gives no rights to %s', async (_, user) => {
  const { code, stdout, stderr } = await acls(user)
  expect(code).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toContain('ROLE=NAME is allowed')
})
