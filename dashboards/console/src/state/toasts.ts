import { createStore, type Store } from './store.ts'

export interface Toast {
  readonly id: number
  readonly text: string
  readonly tone: 'done' | 'problem'
  /** When it goes, ms of this computer's clock. */
  readonly untilMs: number
  readonly undo: (() => void) | null
  readonly requestId: string | null
}

export const toastMs = 6_000
const toastsMax = 4

export interface Toasts {
  readonly list: Store<readonly Toast[]>
  show(toast: { text: string; tone?: Toast['tone']; forMs?: number; undo?: () => void; requestId?: string }): void
  dismiss(id: number): void
  /** Takes the newest action back that can be; false when there is none. */
  undoLast(): boolean
  /** Call once a second. */
  tick(): void
}

export const createToasts = (now: () => number): Toasts => {
  const list = createStore<readonly Toast[]>([])
  let last = 0
  const dismiss = (id: number) => list.set((toasts) => toasts.filter((toast) => toast.id !== id))
  return {
    list,
    dismiss,
    show: ({ text, tone = 'done', forMs = toastMs, undo, requestId }) => {
      last += 1
      const toast: Toast = { id: last, text, tone, untilMs: now() + forMs, undo: undo ?? null, requestId: requestId ?? null }
      list.set((toasts) => [...toasts.slice(1 - toastsMax), toast])
    },
    undoLast: () => {
      const toast = list.get().findLast(({ undo, untilMs }) => undo !== null && untilMs > now())
      if (toast === undefined) return false
      dismiss(toast.id)
      toast.undo?.()
      return true
    },
    tick: () =>
      list.set((toasts) => (toasts.every(({ untilMs }) => untilMs > now()) ? toasts : toasts.filter(({ untilMs }) => untilMs > now()))),
  }
}
