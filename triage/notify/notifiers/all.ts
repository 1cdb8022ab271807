import type { Clock } from '../../../contracts/clock.ts'
import type { Notifiers } from '../port.ts'
import { createEmailNotifier, type EmailOptions } from './email.ts'
import { createPagerDutyNotifier } from './pagerduty.ts'
import { createSlackNotifier } from './slack.ts'
import { createWebhookNotifier } from './webhook.ts'

export const createNotifiers = ({ clock, ...email }: { readonly clock: Clock } & EmailOptions): Notifiers => ({
  webhook: createWebhookNotifier({ clock }),
  pagerduty: createPagerDutyNotifier({ clock }),
  slack: createSlackNotifier({ clock }),
  email: createEmailNotifier(email),
})
