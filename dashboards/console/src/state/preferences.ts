import { createStore, type Store } from './store.ts'

/** Kept in this browser only. public/theme.js reads the theme before the first paint. */
export interface Preferences {
  readonly theme: 'dark' | 'light' | 'system'
  /** Single-key shortcuts; off for people who speak to their computer or hit keys by accident (WCAG 2.1.4). */
  readonly singleKeys: boolean
  readonly band: boolean
}

const key = 'wardwatch.preferences'
const standard: Preferences = { theme: 'dark', singleKeys: true, band: true }

const read = (storage: Storage): Preferences => {
  try {
    return { ...standard, ...(JSON.parse(storage.getItem(key) ?? '{}') as Partial<Preferences>) }
  } catch {
    return standard
  }
}

export const createPreferences = (window: Window): Store<Preferences> => {
  const store = createStore(read(window.localStorage))
  const light = window.matchMedia('(prefers-color-scheme: light)')
  const show = () => {
    const { theme } = store.get()
    window.document.documentElement.dataset['theme'] = theme === 'light' || (theme === 'system' && light.matches) ? 'light' : 'dark'
  }
  light.addEventListener('change', show)
  store.subscribe(() => {
    show()
    try {
      window.localStorage.setItem(key, JSON.stringify(store.get()))
    } catch {
      // Storage is full or forbidden: it holds for this page.
    }
  })
  show()
  return store
}
