/**
 * Whether a question only reads our own tables, decided on the engine's own syntax tree (`EXPLAIN AST`), so that no comment, quoting or odd
 * spelling gets past. The engine's `readonly = 1` refuses writes, DDL, settings and most table functions by itself; tried on chdb 3.4 it
 * does *not* refuse: the scalar function `file('/etc/passwd')`, `INTO OUTFILE`, `KILL QUERY`, `USE`, and a second statement after `;`.
 */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly detail: string }

const roots = new Set([
  'SelectWithUnionQuery',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'Explain',
  'DescribeQuery',
  'ShowTables',
  'ShowCreateTableQuery',
])

/**
 * Every kind of node that a question may have; an unknown one is refused. Left out on purpose: `ColumnsApplyTransformer` (`* APPLY(file)` calls a
 * function that stands nowhere in the tree) and `Set`.
 */
const kinds = new Set(
  [
    [...roots].join(' '),
    'ExpressionList Function Identifier TableIdentifier Literal Asterisk QualifiedAsterisk Subquery WithElement',
    'ColumnsRegexpMatcher ColumnsListMatcher QualifiedColumnsRegexpMatcher QualifiedColumnsListMatcher ColumnsTransformerList',
    'ColumnsExceptTransformer ColumnsReplaceTransformer ColumnsReplaceTransformer::Replacement',
    'TablesInSelectQuery TablesInSelectQueryElement TableExpression TableJoin ArrayJoin SampleRatio',
    'OrderByElement InterpolateElement WindowDefinition WindowListElement',
  ].flatMap((line) => line.split(' ')),
)

const tableFunctions = new Set(['numbers', 'numbers_mt', 'zeros', 'generateSeries', 'generate_series', 'values', 'null'])

const systemTables = new Set(['tables', 'columns', 'parts', 'one', 'numbers', 'functions', 'databases', 'metrics', 'merges', 'mutations'])

/** By how their names begin: functions that reach files, models, dictionaries, keys or other hosts, tell of the process, or only waste time. */
const deniedFunction =
  /^(file|filesystem|dict|catboost|naivebayes|evalml|model|joinget|getserver|getmacro|getos|hostname|fqdn|displayname|tcpport|serveruuid|sleep|addressto|demangle|showcertificate|executable|remote|aes_|encrypt|decrypt|trydecrypt|llm|ai[A-Z])/i

const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/

const indentOf = (line: string): number => line.length - line.trimStart().length

/** A column may be called anything, but `x IN system.processes` names a table by an identifier as well: so other databases are refused there too. */
const mayName = (whole: string, database: string, isTable: boolean): boolean => {
  const dot = whole.indexOf('.')
  const [where, rest] = dot < 0 ? [null, whole] : [whole.slice(0, dot), whole.slice(dot + 1)]
  if (where === 'system') return systemTables.has(rest.split('.')[0]!)
  if (where !== null && /^(default|information_schema)$/i.test(where)) return false
  return !isTable || ((where === null || where === database) && plainName.test(rest))
}

/** `tree`: what `EXPLAIN AST` printed. `database`: ours. */
export const checkTree = (tree: string, database: string): Verdict => {
  const lines = tree.split('\n').filter((line) => line.trim() !== '')
  const root = lines[0]?.split(' ')[0] ?? ''
  if (!roots.has(root)) return { ok: false, detail: `only SELECT, EXPLAIN, DESCRIBE and SHOW may be asked, not ${root || 'nothing'}` }
  for (const [i, line] of lines.entries()) {
    const text = line.trim()
    const [kind, name = ''] = text.split(' ', 2) as [string, string?]
    if (!kinds.has(kind)) return { ok: false, detail: `${kind} may not be asked` }
    if (kind === 'Function') {
      const above = lines[i - 1]
      const isTable = above !== undefined && above.trim().startsWith('TableExpression') && indentOf(above) < indentOf(line)
      if (isTable && !tableFunctions.has(name)) return { ok: false, detail: `the table function ${name}() may not be asked` }
      if (!isTable && deniedFunction.test(name)) return { ok: false, detail: `the function ${name}() may not be asked` }
    } else if (kind === 'TableIdentifier' || kind === 'Identifier') {
      const whole = text.slice(kind.length + 1).replace(/ \((alias|children) .*\)$/, '')
      if (!mayName(whole, database, kind === 'TableIdentifier' || root !== 'SelectWithUnionQuery')) {
        return { ok: false, detail: `${whole} is not a table that may be asked` }
      }
    }
  }
  return { ok: true }
}

/** A statement in the engine's own formatting, with what stands in quotes taken out: what is left are keywords and names. */
const withoutQuoted = (formatted: string): string =>
  formatted.replace(/'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*"/g, "''")

/** Clauses that the tree doesn't show. `formatted`: by `formatQuerySingleLine`, which also refuses a second statement. */
export const checkClauses = (formatted: string): Verdict => {
  const bare = withoutQuoted(formatted)
  if (/\bINTO\s+(OUTFILE|DUMPFILE)\b/i.test(bare)) return { ok: false, detail: 'INTO OUTFILE may not be asked' }
  if (!/^[\s(]*(SELECT|WITH|FROM|EXPLAIN|DESCRIBE|SHOW)\b/i.test(bare))
    return { ok: false, detail: 'only SELECT, EXPLAIN, DESCRIBE and SHOW may be asked' }
  if (/;/.test(bare)) return { ok: false, detail: 'one statement at a time' }
  if (/\bFORMAT\s+[A-Za-z]\w*(\s+SETTINGS\b.*)?$/i.test(bare))
    return { ok: false, detail: 'leave FORMAT out: the format is an option of its own' }
  return { ok: true }
}
