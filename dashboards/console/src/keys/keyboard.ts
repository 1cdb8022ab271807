import { tinykeys } from 'tinykeys'
import type { Preferences } from '../state/preferences.ts'
import type { Store } from '../state/store.ts'
import { keymap, type KeyEntry } from './keymap.ts'
import { createTypeAhead, inDialog, typing } from './type-ahead.ts'

/** True when it was for it. */
type Handler = () => boolean | void
export type KeyHandlers = Readonly<Record<string, Handler>>

export interface Keyboard {
  /** The newest handlers are asked first. */
  add(handlers: KeyHandlers): () => void
  run(id: string): boolean
  /** A dialog is about to open: what is typed is its, from now on. */
  awaitDialog(): void
}

/** Whether a key stroke is for the keymap, and not for what it was typed into. */
export const isForKeymap = (
  entry: Pick<KeyEntry, 'single' | 'id'>,
  at: { readonly typing: boolean; readonly dialog: boolean; readonly control: boolean },
  singleKeys: boolean,
): boolean => {
  if (entry.single) return singleKeys && !at.typing && !at.dialog
  if (entry.id === 'queue.open') return !at.typing && !at.dialog && !at.control
  if (entry.id === 'back') return !at.typing && !at.dialog
  return true
}

export const createKeyboard = (window: Window, preferences: Store<Preferences>): Keyboard => {
  const ahead = createTypeAhead(window)
  let stack: readonly KeyHandlers[] = []
  const run = (id: string): boolean => {
    for (const handlers of stack.toReversed()) {
      const handler = handlers[id]
      if (handler !== undefined && handler() !== false) return true
    }
    return false
  }
  const bindings = Object.fromEntries(
    keymap.flatMap((entry) =>
      entry.press.map((press) => [
        press,
        (event: KeyboardEvent) => {
          const target = event.target instanceof Element ? event.target : null
          const at = {
            typing: target?.closest(typing) !== null && target !== null,
            dialog: ahead.waits || (target?.closest(inDialog) !== null && target !== null),
            control: target?.closest('a, button, summary') !== null && target !== null,
          }
          if (isForKeymap(entry, at, preferences.get().singleKeys) && run(entry.id)) event.preventDefault()
        },
      ]),
    ),
  )
  tinykeys(window, bindings, {
    // A held J goes on; all else is asked above, where the key is known.
    ignore: (event) => event.isComposing || (event.repeat && !/^(?:[jk]|Arrow(?:Up|Down))$/i.test(event.key)),
  })
  return {
    run,
    awaitDialog: () => ahead.wait(),
    add: (handlers) => {
      stack = [...stack, handlers]
      return () => {
        stack = stack.filter((one) => one !== handlers)
      }
    },
  }
}
