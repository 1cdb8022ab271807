import { Eye } from 'lucide-react'
import { useReadsOnly } from '../live/use-reads-only.ts'

/** Of several desks this one does not lead: nothing can be changed here, and the bar says where it can. */
export const ReadsOnlyBar = () => {
  const readsOnly = useReadsOnly()
  if (readsOnly === null) return null
  const { leader } = readsOnly
  return (
    <div className="reads-only" role="status">
      <Eye className="icon" aria-hidden="true" />
      {leader === null ? (
        <span>This desk only reads. None leads right now: one will in a moment.</span>
      ) : (
        <span>
          This desk only reads; the one that leads is at <a href={leader}>{leader}</a>.
        </span>
      )}
    </div>
  )
}
