import { useSyncExternalStore } from 'react'

/** Room for queue and alert side by side. The same width is in the style sheets. */
const query = '(min-width: 900px)'

export const useWide = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(query)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    () => window.matchMedia(query).matches,
  )
