import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Claim, claimDirectory } from './directory-lock.ts'
import { identityOf, isAlive } from './process-identity.ts'

let directory = ''
const started: ChildProcess[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwatch-lock-'))
})
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  rmSync(directory, { recursive: true, force: true })
})

const lockPath = (): string => join(directory, 'owner.lock')
const claimed = async (): Promise<Claim> => {
  const claim = await claimDirectory(directory)
  if ('refused' in claim) throw new Error(claim.refused)
  return claim
}
const sleeper = (): ChildProcess => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  started.push(child)
  return child
}
const deadPid = async (): Promise<number> => {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid!
}

/** A process that claims the directory, says what came of it and lives until it is killed. */
const starter = async (): Promise<{ child: ChildProcess; said: string }> => {
  const source = `
    import { claimDirectory } from ${JSON.stringify(new URL('directory-lock.ts', import.meta.url).href)}
    const claim = await claimDirectory(${JSON.stringify(directory)})
    console.log('refused' in claim ? claim.refused : 'claimed')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  started.push(child)
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, said: said.toString().trim() }
}

it('a second owner is refused in a sentence that names the first, until that one releases', async () => {
  const claim = await claimed()
  expect(await claimDirectory(directory)).toEqual({ refused: expect.stringContaining(`in use by the process ${process.pid}`) })
  claim.release()
  claim.release()
  const again = await claimed()
  again.release()
  expect(readdirSync(directory)).toEqual([])
})

it('the lock of an owner that was killed is taken over', async () => {
  const { child, said } = await starter()
  expect(said).toBe('claimed')
  expect(await claimDirectory(directory)).toEqual({ refused: expect.stringContaining(`process ${child.pid}`) })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const claim = await claimed()
  claim.release()
})

it('a lock whose number belongs to another process by now is stale', async () => {
  const other = sleeper()
  writeFileSync(lockPath(), JSON.stringify({ pid: other.pid, startTicks: 1, children: [] }))
  const claim = await claimed()
  claim.release()
  expect(isAlive(identityOf(other.pid!))).toBe(true)
})

it('the children of a dead owner are killed before the directory is given out, others are left alone', async () => {
  const orphan = sleeper()
  const stranger = sleeper()
  const forgotten = sleeper()
  const claim = await claimed()
  claim.recordChild(orphan.pid!)
  claim.recordChild(forgotten.pid!)
  claim.forgetChild(forgotten.pid!)
  const lock = JSON.parse(readFileSync(lockPath(), 'utf8')) as { children: { pid: number; startTicks: number }[] }
  expect(lock.children).toEqual([identityOf(orphan.pid!)])
  const died = once(orphan, 'exit')
  writeFileSync(
    lockPath(),
    JSON.stringify({
      pid: await deadPid(),
      startTicks: 1,
      // The stranger has the number of a child, and another start: it is somebody else.
      children: [...lock.children, { pid: stranger.pid, startTicks: 1 }],
    }),
  )
  const next = await claimed()
  expect(await died).toEqual([null, 'SIGKILL'])
  expect([isAlive(identityOf(stranger.pid!)), isAlive(identityOf(forgotten.pid!))]).toEqual([true, true])
  expect(JSON.parse(readFileSync(lockPath(), 'utf8'))).toEqual({ ...identityOf(process.pid), children: [] })
  next.release()
})

it('an heir that died before it took over has an heir in its turn', async () => {
  const [owner, heir] = [await deadPid(), await deadPid()]
  writeFileSync(lockPath(), JSON.stringify({ pid: owner, startTicks: 1, children: [] }))
  writeFileSync(`${lockPath()}.heir-of-${owner}-1`, JSON.stringify({ pid: heir, startTicks: 2, children: [] }))
  const claim = await claimed()
  claim.release()
  expect(readdirSync(directory)).toEqual([])
})

it('of many that start at once over a dead lock exactly one wins', async () => {
  writeFileSync(lockPath(), JSON.stringify({ pid: await deadPid(), startTicks: 1, children: [] }))
  const said = await Promise.all(Array.from({ length: 6 }, async () => (await starter()).said))
  expect(said.filter((one) => one === 'claimed')).toHaveLength(1)
  for (const one of said.filter((one) => one !== 'claimed')) expect(one).toMatch(/is in use by the process \d+/)
})

it('a lock that can not be read is not touched', async () => {
  writeFileSync(lockPath(), 'garbage')
  expect(await claimDirectory(directory)).toEqual({ refused: expect.stringContaining("can't be read") })
  expect(readFileSync(lockPath(), 'utf8')).toBe('garbage')
})

it('a list that can not be written, as on a full disk, ends nobody; it is told once, and nothing is left behind', async () => {
  const told: string[] = []
  const claim = await claimDirectory(directory, (problem) => told.push(problem))
  if ('refused' in claim) throw new Error(claim.refused)
  rmSync(directory, { recursive: true })
  claim.recordChild(sleeper().pid!)
  claim.forgetChild(1)
  expect(told).toHaveLength(1)
  expect(told[0]).toMatch(/ENOENT/)
  claim.release()
})

it('a directory in which nothing can be written is refused with a sentence', async () => {
  const file = join(directory, 'a-file')
  writeFileSync(file, '')
  expect(await claimDirectory(join(file, 'data'))).toMatchObject({ refused: expect.stringMatching(/^no lock can be written in .*ENOTDIR/) })
})
