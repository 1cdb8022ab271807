import { useDesk } from '../desk.ts'
import { useStore } from '../state/store.ts'

/** The platform's time, ms, in steps of a second. Use it in small components: each renders once a second. */
export const useNowMs = (): number => useStore(useDesk().clock.seconds) * 1_000
