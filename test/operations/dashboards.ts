import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const folder = 'deploy/grafana/dashboards'

const datasource = z.strictObject({ type: z.string(), uid: z.string() })
const common = { refId: z.string().regex(/^[A-Z]$/), datasource }
const target = z.union([
  z.strictObject({ ...common, expr: z.string().min(1), legendFormat: z.string(), instant: z.boolean(), range: z.boolean() }),
  z.strictObject({
    ...common,
    editorType: z.literal('sql'),
    queryType: z.enum(['timeseries', 'table']),
    format: z.union([z.literal(0), z.literal(1)]),
    rawSql: z.string().min(1),
  }),
])
const gridPos = z.strictObject({ h: z.int().min(1), w: z.int().min(1).max(24), x: z.int().min(0).max(23), y: z.int().min(0) })
const row = z.strictObject({
  id: z.int(),
  type: z.literal('row'),
  title: z.string().min(1),
  collapsed: z.boolean(),
  gridPos,
  panels: z.tuple([]),
})
const panel = z.strictObject({
  id: z.int(),
  type: z.enum(['stat', 'timeseries', 'table']),
  title: z.string().min(1),
  description: z.string().optional(),
  datasource,
  gridPos,
  fieldConfig: z.strictObject({ defaults: z.record(z.string(), z.unknown()), overrides: z.array(z.never()) }),
  options: z.record(z.string(), z.unknown()),
  targets: z.array(target).min(1),
})
const variable = z.object({ name: z.string(), type: z.literal('query'), datasource, query: z.string() })
const dashboard = z.object({
  uid: z.string().max(40),
  title: z.string().min(1),
  schemaVersion: z.int(),
  templating: z.strictObject({ list: z.array(variable) }),
  panels: z.array(z.union([row, panel])).min(1),
})

/** The dashboards of deploy/grafana, as far as their shape is ours to check: Grafana itself is not here. */
export const readDashboards = () =>
  readdirSync(folder).map((file) => ({ file, ...dashboard.parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))) }))

type Dashboard = ReturnType<typeof readDashboards>[number]

export const targetsOf = ({ panels }: Dashboard) =>
  panels.flatMap((one) => (one.type === 'row' ? [] : one.targets.map((found) => ({ panel: one.title, ...found }))))

/** PromQL, with Grafana's interval for a scrape each 15 s. */
export const expressionsOf = (board: Dashboard): { panel: string; expr: string }[] =>
  targetsOf(board).flatMap((one) => ('expr' in one ? [{ panel: one.panel, expr: one.expr.replaceAll('$__rate_interval', '1m') }] : []))

/** SQL of panels and variables, with the plugin's macros written out as it does and every site wanted. */
export const questionsOf = (board: Dashboard): { panel: string; sql: string }[] =>
  [
    ...targetsOf(board).flatMap((one) => ('rawSql' in one ? [{ panel: one.panel, sql: one.rawSql }] : [])),
    ...board.templating.list.map(({ name, query }) => ({ panel: `variable ${name}`, sql: query })),
  ].map(({ panel, sql }) => ({
    panel,
    sql: sql
      .replaceAll(/\$__timeFilter\((\w+)\)/g, '$1 >= toDateTime(0) AND $1 <= toDateTime(4102444800)')
      .replaceAll(/\$__timeInterval\((\w+)\)/g, 'toStartOfInterval(toDateTime($1), INTERVAL 60 second)')
      .replaceAll('${site:regex}', '.*'),
  }))

/** The metrics that an expression names. */
export const metricsIn = (expr: string): string[] => [...new Set(expr.match(/\b(?:wardwatch_[a-z0-9_]+|up)\b/g))]
