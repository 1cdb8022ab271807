import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { deviceTimeOf, openAcknowledgedFile } from './acknowledged-file.ts'

it.each([
  ['{"ts":1795466400123,"seq":1}', 1_795_466_400_123],
  ['[{"bn":"urn:dev:x","bt":1795466400.123,"n":"hr","v":80}]', 1_795_466_400_123],
  ['[]', null],
  ['{"ts":"now"}', null],
  ['null', null],
  ['not JSON', null],
])('%s was measured at %s', (payload, time) => expect(deviceTimeOf(Buffer.from(payload))).toBe(time))

it('appends a line a reading, and refuses to close well when it could not write', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wardwatch-acknowledged-'))
  try {
    const path = join(folder, 'acknowledged.jsonl')
    for (const ts of [1, 2]) {
      const file = openAcknowledgedFile(path)
      file.record('mon-1', Buffer.from(JSON.stringify({ ts })))
      file.record('mon-1', Buffer.from('noise'))
      await file.close()
    }
    expect(readFileSync(path, 'utf8')).toBe('["mon-1",1]\n["mon-1",2]\n')
    const nowhere = openAcknowledgedFile(join(folder, 'missing', 'file'))
    nowhere.record('mon-1', Buffer.from('{"ts":1}'))
    await expect(nowhere.close()).rejects.toThrow('ENOENT')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
