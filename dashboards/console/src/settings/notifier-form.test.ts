import { expect, it } from 'vitest'
import { notifierSettings } from '../../../../contracts/api/paging.ts'
import { formOf, idFrom, settingsOf } from './notifier-form.ts'

it('a form and back; an empty secret keeps the one that is there', () => {
  const email = {
    kind: 'email',
    host: 'smtp.example',
    port: 587,
    tls: 'starttls',
    user: null,
    password: null,
    from: 'a@b.example',
    to: ['c@d.example', 'e@f.example'],
  } as const
  expect(settingsOf(formOf({ ...email, to: [...email.to] }))).toEqual(email)
  expect(settingsOf({ ...formOf(null), kind: 'slack' })).toEqual({ kind: 'slack', url: null })
  expect(notifierSettings.safeParse(settingsOf({ ...formOf(null), kind: 'pagerduty', secret: 'key' })).success).toBe(true)
})
it('ids from titles', () => {
  expect(idFrom('On-call pager', [])).toBe('on-call-pager')
  expect(idFrom('On-call pager', ['on-call-pager'])).toBe('on-call-pager-2')
  expect(idFrom('温度', [])).toBe('channel')
})
