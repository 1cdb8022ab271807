import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const pom = fileURLToPath(new URL('pom.xml', import.meta.url))

/**
 * The folder with Kafka's jars, fetched by Maven when it is not there yet (46 jars, 43 MB). `WARDWATCH_KAFKA_JARS` names another
 * folder; the common one lies outside of the repository and serves every checkout.
 */
export const kafkaJars = async (): Promise<string> => {
  const given = process.env['WARDWATCH_KAFKA_JARS']
  if (given !== undefined) return given
  const version = /<kafka\.version>(.+)<\/kafka\.version>/.exec(readFileSync(pom, 'utf8'))![1]!
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'wardwatch')
  const folder = join(cache, `kafka-${version}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  // Fetched beside and renamed: two test files that start at once never see half of it.
  const beside = mkdtempSync(join(cache, 'fetching-'))
  try {
    await run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${beside}`])
    try {
      renameSync(beside, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error
    }
  } finally {
    rmSync(beside, { recursive: true, force: true })
  }
  return folder
}
