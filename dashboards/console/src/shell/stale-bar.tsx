import { TriangleAlert } from 'lucide-react'
import { useDesk } from '../desk.ts'
import { clockTime } from '../parts/format.ts'
import { useStore } from '../state/store.ts'

/** Nothing has been heard for long: what is shown may be old, and the bar says since when. */
export const StaleBar = () => {
  const { stream } = useDesk()
  const state = useStore(stream.state)
  if (state.status !== 'stale' || state.lastEventAt === null) return null
  return (
    <div className="stale" role="alert">
      <TriangleAlert className="icon" aria-hidden="true" />
      <span>
        No data since <span className="mono">{clockTime(state.lastEventAt)}</span>. What is shown may be old.
      </span>
    </div>
  )
}
