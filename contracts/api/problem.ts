import { z } from 'zod'
import { alertView } from './alerts.ts'

/** RFC 9457. `type` is `urn:wardwatch:problem:<reason>`. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().exactOptional(),
  instance: z.string().exactOptional(),
  requestId: z.string(),
  /** By field: what is wrong with a body or a query. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).exactOptional(),
  /** 409: who changed what, and the alert as it is now. */
  changedBy: z.string().exactOptional(),
  change: z.string().exactOptional(),
  changedAt: z.number().exactOptional(),
  alert: alertView.exactOptional(),
  /** 403: the roles that may. */
  roles: z.array(z.string()).exactOptional(),
  /** 503 not-leading: where the console of the desk that leads is. */
  leader: z.string().exactOptional(),
})
export type Problem = z.infer<typeof problem>
