import { systemClock } from '../../contracts/clock.ts'
import { createSink } from '../sink.ts'
import { sinkSettings } from '../landing/settings.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createFixedLog } from './fixed-log.ts'
import { killRecords } from './kill-story.ts'
import { plainDecoder, plainRedelivery } from './story-log.ts'
import { openedStore } from './temporary-store.ts'

/** What the kill tests kill: lands a log that is the same at every start, in small batches; prints `landed` when all of it has. */
const [directory = '', seed = '0'] = process.argv.slice(2)

const log = createFixedLog(killRecords(Number(seed)).records, 97)
const store = await openedStore(directory)
const sink = createSink({
  log,
  store,
  decoder: plainDecoder,
  redelivery: plainRedelivery(),
  clock: systemClock,
  logger: silentLogger,
  settings: sinkSettings.parse({ flushMs: 10, batchRowsMax: 300, rollUpMs: 50 }),
})
await sink.start()
process.stdout.write('started\n')
const done = (): boolean => [...log.ends].every(([name, next]) => (sink.stats().positions[name] ?? 0) >= next)
while (!done()) await new Promise((resolve) => setTimeout(resolve, 5))
await sink.close()
await store.close()
process.stdout.write('landed\n')
