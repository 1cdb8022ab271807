import { lazy, Suspense, useState } from 'react'
import type { AlertView } from '../../../../contracts/api/alerts.ts'
import { whyNot as whyNotOne, type DeskAction } from '../alerts/optimistic.ts'
import { roleFor, routeOf, useAct } from '../alerts/use-act.ts'
import { onlyReads, useReadsOnly } from '../live/use-reads-only.ts'
import { useDesk } from '../desk.ts'
import { useKeys } from '../keys/use-keys.ts'
import { useMe } from '../state/session.ts'

const ActionDialog = lazy(() => import('./dialogs/action-dialog.tsx'))

export type DialogKind = 'close' | 'snooze' | 'assign' | 'note' | 'contain' | 'suppress'
export type ActionName = 'acknowledge' | 'mine' | DialogKind

export interface AlertActions {
  readonly run: Readonly<Record<ActionName, () => void>>
  /** Why an action can't be done now, as the button says it; null when it can. */
  readonly whyNot: Readonly<Record<ActionName, string | null>>
  readonly dialog: React.ReactNode
}

const leaves: ReadonlySet<DeskAction['type']> = new Set(['close', 'snooze'])

/** What can be done to these alerts: by button, by key, in a dialog. */
export const useAlertActions = (
  alerts: readonly AlertView[],
  told: {
    readonly onLeft?: (ids: readonly string[]) => void
    readonly onDone?: () => void
    /** False where the same keys belong to something else on the screen. */
    readonly keys?: boolean
  } = {},
): AlertActions => {
  const me = useMe()
  const act = useAct()
  const readsOnly = useReadsOnly() !== null
  const { keyboard, toasts } = useDesk()
  const [dialog, setDialog] = useState<{ kind: DialogKind; alerts: readonly AlertView[] } | null>(null)
  const first = alerts[0]
  const many = alerts.length > 1

  const perform = (subject: readonly AlertView[], action: DeskAction) => {
    void act(subject, action).then((ok) => (ok ? told.onDone?.() : undefined))
    if (leaves.has(action.type)) told.onLeft?.(subject.map(({ id }) => id))
  }
  const reasonFor = (type: DeskAction['type'], owner?: string | null): string | null => {
    const needs = roleFor(routeOf[type], me.role)
    if (needs !== null) return `Needs the role ${needs}`
    if (readsOnly) return onlyReads
    if (first === undefined) return 'No alert is picked'
    if (many) return type === 'note' || type === 'contain' ? 'One alert at a time' : null
    return whyNotOne(first, type, owner)
  }
  const suppressNeeds = roleFor('addSuppression', me.role)
  const isSnoozed = !many && first?.state === 'snoozed'
  const whyNot: AlertActions['whyNot'] = {
    acknowledge: reasonFor('acknowledge'),
    mine: reasonFor('assign', me.account),
    assign: reasonFor('assign'),
    close: reasonFor('close'),
    snooze: reasonFor(isSnoozed ? 'wake' : 'snooze'),
    note: reasonFor('note'),
    contain: reasonFor('contain'),
    suppress:
      suppressNeeds !== null
        ? `Needs the role ${suppressNeeds}`
        : readsOnly
          ? onlyReads
          : first === undefined || many
            ? 'One alert at a time'
            : null,
  }
  const guarded = (name: ActionName, how: () => void) => () => {
    const reason = whyNot[name]
    if (reason === null) how()
    else if (first !== undefined) toasts.show({ text: reason })
  }
  const show = (kind: DialogKind) => {
    keyboard.awaitDialog()
    setDialog({ kind, alerts })
  }
  const open = (kind: DialogKind) => guarded(kind, () => show(kind))
  const run: AlertActions['run'] = {
    acknowledge: guarded('acknowledge', () => perform(alerts, { type: 'acknowledge' })),
    mine: guarded('mine', () => perform(alerts, { type: 'assign', owner: me.account })),
    assign: open('assign'),
    close: open('close'),
    snooze: guarded('snooze', () => (isSnoozed ? perform(alerts, { type: 'wake' }) : show('snooze'))),
    note: open('note'),
    contain: open('contain'),
    suppress: open('suppress'),
  }
  const keyed = told.keys !== false
  useKeys(Object.fromEntries(Object.entries(run).map(([name, how]) => [`alert.${name}`, () => (keyed ? how() : false)])))

  return {
    run,
    whyNot,
    dialog:
      dialog === null ? null : (
        <Suspense>
          <ActionDialog
            kind={dialog.kind}
            alerts={dialog.alerts}
            onAct={(action) => {
              setDialog(null)
              perform(dialog.alerts, action)
            }}
            onClose={() => setDialog(null)}
          />
        </Suspense>
      ),
  }
}
