import type { Alert } from '../../contracts/alert.ts'
import { type CaseEvent, type CaseEventType, undoMs } from '../../contracts/case-event.ts'
import { type Workflow, workflowOf } from './workflow.ts'

/** A note stays (corrections supersede), and an undo is not undone: one does it again. */
const undoable: ReadonlySet<CaseEventType> = new Set<CaseEventType>([
  'alert.acknowledged',
  'alert.assigned',
  'alert.snoozed',
  'alert.woken',
  'alert.closed',
  'alert.contained',
])

/** How alerts were before the actions of the last seconds. It is part of the fold: an undo works across a restart as well. */
export interface UndoMemory {
  /** Call it for every event, with the alert as it was before it. */
  acted(event: CaseEvent, before: Alert | undefined): void
  before(sequence: number): Workflow | undefined
}

export const createUndoMemory = (): UndoMemory => {
  const held = new Map<number, { readonly at: number; readonly before: Workflow }>()
  return {
    acted(event, before) {
      if (held.size > 0)
        for (const [sequence, { at }] of held) {
          if (at >= event.recordedAt - undoMs) break
          held.delete(sequence)
        }
      if (before !== undefined && undoable.has(event.type)) held.set(event.sequence, { at: event.recordedAt, before: workflowOf(before) })
    },
    before: (sequence) => held.get(sequence)?.before,
  }
}
