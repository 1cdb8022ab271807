/**
 * What is typed between the key that opens a dialog and the dialog itself, whose code may still be on the way. It belongs to the dialog: taken for keys of the
 * screen behind it, the first letter of a note would acknowledge an alert.
 */
export interface TypeAhead {
  /** Until the focus is in a dialog. */
  readonly waits: boolean
  /** A dialog is about to open. */
  wait(): void
}

export const typing = 'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]'
export const inDialog = '[role=dialog], [role=alertdialog], [role=menu], [role=listbox]'

/** Its code did not come, or it was called off. */
const waitMsMax = 5_000

export const createTypeAhead = (window: Window): TypeAhead => {
  const { document } = window
  let typed: string | null = null
  let timer = 0
  const end = (): void => {
    window.clearTimeout(timer)
    typed = null
  }
  const take = (event: KeyboardEvent): void => {
    if (typed === null || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (event.key.length === 1) typed += event.key
    else if (event.key === 'Backspace') typed = typed.slice(0, -1)
    else if (event.key !== 'Enter') return
    event.preventDefault()
  }
  window.addEventListener('keydown', take, { capture: true })
  document.addEventListener('focusin', ({ target }) => {
    if (typed === null || !(target instanceof Element) || target.closest(inDialog) === null) return
    const text = typed
    end()
    // As if it were typed now: the field's own events tell React of it.
    if (text !== '' && target.matches(typing)) document.execCommand('insertText', false, text)
  })
  return {
    get waits() {
      return typed !== null
    },
    wait() {
      end()
      typed = ''
      timer = window.setTimeout(end, waitMsMax)
    },
  }
}
