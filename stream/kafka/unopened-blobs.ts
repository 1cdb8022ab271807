import type { LogTopicName } from '../../contracts/log-topics.ts'
import type { SealBroken } from '../../contracts/secrets.ts'
import type { KeyProof } from './key-proof.ts'
import type { Unopened } from './unopened.ts'

/** What becomes of a blob that does not open. */
export interface UnopenedBlobs {
  /** A blob has opened: the key is this log's. */
  opened(): void
  /** Resolves when it may be passed over, and has counted it; rejects with its `SealBroken` when nothing in the log opens with our key. */
  passOver(topic: LogTopicName, partition: number, blob: { readonly unopened: SealBroken; readonly blob: number }): Promise<void>
}

export const createUnopenedBlobs = (proof: KeyProof<LogTopicName>, unopened: Unopened): UnopenedBlobs => ({
  opened: proof.opened,
  async passOver(topic, partition, blob) {
    if (!(await proof.holds(topic))) throw blob.unopened
    unopened.passed({ topic, partition, offset: blob.blob, reason: blob.unopened.message })
  },
})
