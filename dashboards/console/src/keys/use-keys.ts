import { useEffect, useEffectEvent } from 'react'
import { useDesk } from '../desk.ts'
import type { KeyHandlers } from './keyboard.ts'

/** Keys of a screen or a part of it, while it is there. @param handlers by the keymap's id; the set of ids must not change */
export const useKeys = (handlers: KeyHandlers): void => {
  const { keyboard } = useDesk()
  const call = useEffectEvent((id: string) => handlers[id]?.())
  const ids = Object.keys(handlers).join(' ')
  useEffect(
    () => keyboard.add(Object.fromEntries(ids.split(' ').map((id) => [id, () => call(id)]))),
    // `call` is an effect event.
    [keyboard, ids],
  )
}
