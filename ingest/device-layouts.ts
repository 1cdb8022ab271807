import type { KnownTexts } from './layout-reader.ts'
import type { ReadingLayout } from './reading-layout.ts'

/** The layouts of one device's messages: the one that came last, and the one before it (a monitor that tells a cuff's pressure now and then). */
export interface DeviceLayouts extends KnownTexts {
  latest: ReadingLayout | null
  other: ReadingLayout | null
  /** How often it may still be learned: who sends something new each time is parsed. */
  lessonsLeft: number
}

const lessonsMax = 16

export const createDeviceLayouts = (): DeviceLayouts => ({ firmware: null, boot: null, latest: null, other: null, lessonsLeft: lessonsMax })

/** Layouts kept in all: more would be a device's doing and not a fleet's. */
const layoutsMax = 1_024

/** Answers the equal of a layout that another device has (a fleet's few stay in the processor's cache); null for one too many: it is not kept. */
export const createLayoutShelf = (): ((layout: ReadingLayout) => ReadingLayout | null) => {
  const shelf = new Map<string, ReadingLayout>()
  return (layout) => {
    const name = `${layout.slots.join()} ${layout.ends.join()} ${Buffer.from(layout.constants).toString('latin1')}`
    const same = shelf.get(name)
    if (same !== undefined || shelf.size === layoutsMax) return same ?? null
    shelf.set(name, layout)
    return layout
  }
}
