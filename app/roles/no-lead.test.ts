import { expect, it } from 'vitest'
import { LogUnavailable } from '../../contracts/event-log.ts'
import { LeadRefused } from '../../contracts/leadership.ts'
import { SealBroken } from '../../contracts/secrets.ts'
import { RoleRefused } from './channel.ts'
import { noLead } from './no-lead.ts'

it.each([new LogUnavailable('broker-away', 'nobody answers'), new LogUnavailable('not-leading', 'desk-b has taken the lead')])(
  'what passes is waited for: $message',
  (error) => {
    expect(noLead(error)).toMatchObject({ name: 'LogUnavailable', reason: 'broker-away', cause: error })
    expect(noLead(error)).toHaveProperty('message', `this desk can't stand for the lead yet: ${error.message}`)
  },
)

it.each([
  new LogUnavailable('io', 'claiming the lead: Kafka refuses: Topic authorization failed'),
  new LeadRefused('the desk that led last (desk-a) has another CA'),
  new SealBroken('leaders.v1/0 at 1: does not open'),
])('what people have to mend is for good: $message', (error) => {
  expect(noLead(error)).toBeInstanceOf(RoleRefused)
  expect(noLead(error)).toHaveProperty('message', `this desk can't stand for the lead: ${error.message}`)
})

it('a bug stays one', () => {
  const bug = new TypeError('undefined is not a function')
  expect(noLead(bug)).toBe(bug)
})
