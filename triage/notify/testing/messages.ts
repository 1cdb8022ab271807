import type { Alert } from '../../../contracts/alert.ts'
import { composePage } from '../compose.ts'
import type { PageMessage } from '../port.ts'
import { createFakeDesk } from './fake-desk.ts'
import { noonMs, ruleOf } from './pager.ts'

/** What a device may have in its texts. */
export const hostileText = '<!channel> & <@U012|x> <https://evil.example|click> *b*\r\nBcc: victim@example.org\r\n\r\n.\r\nQUIT\u202E\u0000'

/** The page of an alert, as the pager composes it. */
export const messageOf = (over: Partial<Alert> = {}, more: Partial<PageMessage> = {}): PageMessage => {
  const desk = createFakeDesk({ now: () => noonMs })
  desk.find('AL-1')
  const alert = { ...desk.alert('AL-1')!, ...over }
  const record = { id: '0123456789abcdef0123456789abcdef', kind: 'page', step: 0, rule: 'critical' } as const
  return { ...composePage(record, alert, [ruleOf('critical')], noonMs, 'https://ward.example/alerts/AL-1'), ...more }
}

export const hostile = (): Partial<Alert> => ({
  title: hostileText,
  device: hostileText,
  site: hostileText,
  why: hostileText,
  evidence: [{ feature: hostileText, observed: hostileText, expected: 3, unit: hostileText }],
})
