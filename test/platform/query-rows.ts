import { askStream } from '../../app/control/client.ts'

/** Rows of a query to the running platform, as `wardwatch query --format json` gives them. Waits while the platform is busy or restarting. */
export const queryRows = async <Row>(data: string, sql: string): Promise<Row[]> => {
  for (let tries = 0; ; tries++) {
    const answer = await askStream(data, 'query', { sql, format: 'JSONEachRow', rowsMax: 10_000_000 })
    if (answer.ok) {
      const chunks: Buffer[] = []
      for await (const chunk of answer.value) chunks.push(chunk)
      const [, ...lines] = Buffer.concat(chunks).toString('utf8').split('\n')
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row)
    }
    if (tries > 50 || !/busy|try again|no platform|socket/.test(answer.problem)) throw new Error(answer.problem)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
