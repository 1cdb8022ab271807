import { expect, it } from 'vitest'
import { verdicts as contractVerdicts } from '../../../contracts/alert.ts'
import { staleAfterMs as contractStale } from '../../../contracts/api/events.ts'
import * as events from '../../../contracts/case-event.ts'
import { suppressionDaysMax as contractSuppression } from '../../../contracts/suppression.ts'
import { bulkAlertsMax, undoMs } from './alerts/limits.ts'
import { platformActor } from './alerts/told.ts'
import { noteCharactersMax, reasonCharactersMax, suppressionHours, verdicts } from './alert/dialogs/limits.ts'
import { staleAfterMs } from './live/stream.ts'

// The console keeps these by hand, because the contracts would bring zod into the bundle.
it('limits and words are those of the contracts', () => {
  expect({ undoMs, bulkAlertsMax, noteCharactersMax, reasonCharactersMax, platformActor }).toEqual({
    undoMs: events.undoMs,
    bulkAlertsMax: events.bulkAlertsMax,
    noteCharactersMax: events.noteCharactersMax,
    reasonCharactersMax: events.reasonCharactersMax,
    platformActor: events.platformActor,
  })
  expect(staleAfterMs).toBe(contractStale)
  expect(verdicts.map(([verdict]) => verdict)).toEqual([...contractVerdicts])
  expect(Math.max(...suppressionHours.map(([hours]) => hours))).toBeLessThanOrEqual(contractSuppression * 24)
})
