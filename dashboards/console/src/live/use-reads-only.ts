import type { VitalSigns } from '../../../../contracts/api/pipeline.ts'
import { useDesk } from '../desk.ts'
import { useStore } from '../state/store.ts'

/** Why an action is off at a desk that does not lead. */
export const onlyReads = 'This desk only reads: another one leads'

/** Null at the desk that leads, and until anything is known. */
export const useReadsOnly = (): VitalSigns['readsOnly'] => {
  const { stream } = useDesk()
  return useStore(stream.state, ({ signs }) => signs?.readsOnly ?? null)
}
