import { afterAll, beforeAll } from 'vitest'
import { describeStore } from '../../store/testing/conformance.ts'
import { temporaryDirectory } from '../../store/testing/temporary-store.ts'
import { offeredServer } from './offered-server.ts'
import { openedServerStore, type TestServer } from './test-server.ts'

const home = temporaryDirectory()
let server: TestServer
beforeAll(async () => {
  server = await offeredServer(home.path)
}, 180_000)
afterAll(async () => {
  await server.stop()
  home.remove()
})

describeStore('a ClickHouse server', () => openedServerStore(server))
