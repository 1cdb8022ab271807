import { afterAll, beforeAll } from 'vitest'
import { describeStore } from '../../store/testing/conformance.ts'
import { temporaryDirectory } from '../../store/testing/temporary-store.ts'
import { openedServerStore, type TestServer, testServer } from './test-server.ts'

const home = temporaryDirectory()
let server: TestServer
beforeAll(async () => {
  server = await testServer(home.path)
})
afterAll(async () => {
  await server.stop()
  home.remove()
})

describeStore('a ClickHouse server', () => openedServerStore(server))
