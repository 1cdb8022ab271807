import { useEffect, useState } from 'react'

const lateAfterMs = 200

/** Shows what says "wait" only when the wait is one: what comes sooner would flash. */
export const Late = ({ children }: { children: React.ReactNode }) => {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), lateAfterMs)
    return () => clearTimeout(timer)
  }, [])
  return late ? children : null
}
