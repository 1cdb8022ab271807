import type { Stream } from './stream.ts'

/** A tab that nobody sees gives its stream back after this, ms. */
const hiddenMs = 5_000

/**
 * Holds the stream open while the page is seen. A browser has six connections for a site over HTTP/1.1, and a stream takes one for as long as it is
 * open: a hidden tab, and a page that was left but is kept for the way back, must not hold one, or the seventh tab never loads.
 */
export const whileSeen = (
  stream: Pick<Stream, 'start' | 'rest' | 'stop'>,
  page: Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>,
  view: Pick<Window, 'addEventListener' | 'removeEventListener'>,
): (() => void) => {
  let resting: ReturnType<typeof setTimeout> | null = null
  const rest = () => {
    resting = null
    stream.rest()
  }
  const look = () => {
    if (resting !== null) clearTimeout(resting)
    resting = null
    if (page.hidden) resting = setTimeout(rest, hiddenMs)
    else stream.start()
  }
  if (!page.hidden) stream.start()
  page.addEventListener('visibilitychange', look)
  view.addEventListener('pageshow', look)
  view.addEventListener('pagehide', rest)
  return () => {
    if (resting !== null) clearTimeout(resting)
    page.removeEventListener('visibilitychange', look)
    view.removeEventListener('pageshow', look)
    view.removeEventListener('pagehide', rest)
    stream.stop()
  }
}
