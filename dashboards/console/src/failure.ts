const key = 'wardwatch.reloaded'
const againAfterMs = 60_000

/** A chunk that is gone: the platform was updated under an open tab. Loading anew brings the new console; at most once a minute. */
export const watchForFailure = (window: Window): void => {
  window.addEventListener('vite:preloadError', (event) => {
    const last = Number(window.sessionStorage.getItem(key) ?? 0)
    if (Date.now() - last < againAfterMs) return
    event.preventDefault()
    window.sessionStorage.setItem(key, String(Date.now()))
    window.location.reload()
  })
}

/** When drawing itself fails: say so, and how to go on, without React. */
export const showFailure = (root: HTMLElement, error: unknown): void => {
  const { document } = root.ownerDocument.defaultView ?? window
  const box = document.createElement('main')
  box.className = 'alone'
  box.setAttribute('role', 'alert')
  const title = document.createElement('h1')
  title.textContent = 'The console has failed'
  const text = document.createElement('p')
  text.className = 'soft'
  text.textContent = `${error instanceof Error ? error.message : String(error)}. The platform itself is not touched by it.`
  const again = document.createElement('button')
  again.type = 'button'
  again.className = 'button'
  again.textContent = 'Load it anew'
  again.addEventListener('click', () => document.location.reload())
  box.append(title, text, again)
  document.body.append(box)
  root.hidden = true
}
