import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeBinary } from '../../app/runtime-binaries.mjs'
import { commandAt } from '../platform/place.ts'
import { lackingLab, type NetworkLab, startNetworkLab } from './network-lab.ts'

const lacks = lackingLab()
const run = promisify(execFile)

describe.skipIf(lacks !== null)(`hosts on one machine${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  let lab: NetworkLab
  beforeAll(async () => {
    lab = startNetworkLab(['one', 'two', 'three'])
    const { address } = lab.place('one')
    const serve = `require('node:http').createServer((_, response) => response.end('here')).listen(8000, '${address}', () => console.log('up'))`
    const server = spawn(...commandAt(lab.place('one'), nodeBinary()!, ['-e', serve]), { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(server.stdout, 'data')
  })
  afterAll(() => lab?.close())

  const reaches = async (from: string): Promise<boolean> => {
    const url = `http://${lab.place('one').address}:8000/`
    const [program, args] = commandAt(lab.place(from), 'curl', ['--silent', '--max-time', '1', url])
    return run(program, args).then(
      ({ stdout }) => stdout === 'here',
      () => false,
    )
  }

  it('two that are cut from each other reach everybody else, and each other when it is over', async () => {
    expect(await Promise.all(['two', 'three'].map(reaches))).toEqual([true, true])
    lab.partition('one', 'two')
    expect(await Promise.all(['two', 'three'].map(reaches))).toEqual([false, true])
    lab.heal('two', 'one')
    expect(await reaches('two')).toBe(true)
  })
})
