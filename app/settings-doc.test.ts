import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { settingsMarkdown } from './settings-doc.ts'

it('docs/settings.md says what the schemas say', () => {
  // To mend it: node --eval "import('./app/settings-doc.ts').then((m) => process.stdout.write(m.settingsMarkdown()))" > docs/settings.md
  expect(readFileSync(new URL('../docs/settings.md', import.meta.url), 'utf8')).toBe(settingsMarkdown())
})
