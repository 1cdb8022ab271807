import type { StreamEvents } from '../../contracts/api/events.ts'

/** An event as it goes over the wire. JSON has no raw line ends, so one `data:` line holds it whatever a device called itself. */
export const frame = <Name extends keyof StreamEvents>(name: Name, data: StreamEvents[Name], id?: number): Buffer =>
  Buffer.from(`event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`)

/** A summary with everything of it but `mine` serialised once: the asker's own number is put in between. */
export const summaryFrames = (summary: StreamEvents['summary']): ((mine: number) => Buffer) => {
  const marked = JSON.stringify({ ...summary, tabs: { ...summary.tabs, mine: -1 } })
  const [head, tail] = marked.split('"mine":-1', 2) as [string, string]
  const made = new Map<number, Buffer>()
  return (mine) => {
    const known = made.get(mine)
    if (known !== undefined) return known
    const buffer = Buffer.from(`event: summary\ndata: ${head}"mine":${mine}${tail}\n\n`)
    made.set(mine, buffer)
    return buffer
  }
}
