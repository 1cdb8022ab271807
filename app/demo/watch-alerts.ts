import { type Alert, alert as alertSchema } from '../../contracts/alert.ts'
import { askStream } from '../control/client.ts'

export interface AlertWatch {
  /** Newest change first. */
  current(): readonly Alert[]
  close(): void
}

/** Follows the alerts of the platform that runs on a data directory. First every alert as it stands, then each change. */
export const watchAlerts = async (
  data: string,
  onChange: (alert: Alert) => void,
): Promise<({ readonly ok: true } & AlertWatch) | { readonly ok: false; readonly problem: string }> => {
  const opened = await askStream(data, 'watch')
  if (!opened.ok) return opened
  const alerts = new Map<string, Alert>()
  let closed = false

  const follow = async (stream: AsyncIterable<Buffer>): Promise<void> => {
    let rest = ''
    for await (const piece of stream) {
      const lines = (rest + piece.toString('utf8')).split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        if (line === '') continue
        const alert = alertSchema.parse(JSON.parse(line))
        alerts.delete(alert.id)
        alerts.set(alert.id, alert)
        onChange(alert)
      }
    }
  }

  let stream = opened.value
  const keepFollowing = async (): Promise<void> => {
    while (!closed) {
      try {
        await follow(stream)
      } catch {
        // The hub was restarted: it is asked again below.
      }
      if (closed) return
      await new Promise((resolve) => setTimeout(resolve, 250))
      const again = await askStream(data, 'watch')
      if (again.ok) stream = again.value
    }
  }
  void keepFollowing()

  return {
    ok: true,
    current: () => [...alerts.values()].toReversed(),
    close() {
      closed = true
      stream.destroy()
    },
  }
}
