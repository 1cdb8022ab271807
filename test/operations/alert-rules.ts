import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

export const rulesFile = 'deploy/prometheus/rules/wardwatch.yml'

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
          annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
})

/** The alert rules of the platform, in the order of the file. */
export const readAlertRules = () => rulesSchema.parse(parse(readFileSync(rulesFile, 'utf8'))).groups.flatMap(({ rules }) => rules)
