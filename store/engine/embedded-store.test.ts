import { afterAll } from 'vitest'
import { describeStore } from '../testing/conformance.ts'
import { openedStore, temporaryDirectory } from '../testing/temporary-store.ts'

const home = temporaryDirectory()
afterAll(() => home.remove())

describeStore('the embedded engine', () => openedStore(home.path))
