import type { Reading } from './observation.ts'

/** What tells two deliveries of one reading. */
export type Delivery = Pick<Reading, 'deviceTime' | 'receivedAt' | 'seq' | 'payloadHash' | 'bytes'>

/** Tells a reading that a device publishes again (a lost PUBACK) from a new one, given the readings in log order. Bounded. `ingest/redelivery.ts`. */
export interface RedeliveryFilter {
  /** Remembers the reading; 'again' when this same reading of the device was offered or primed before. */
  offer(device: string, delivery: Delivery): 'first' | 'again'
  /** What landed before a restart, oldest first. */
  prime(device: string, landed: Iterable<Delivery>): void
  /** Remembers nothing any more: of what was offered not all has landed, and it is read again. */
  forget(): void
}
