/**
 * Everything that steers text instead of being text: C0/C1 controls (a line break and a tab stay), bidi marks, embeddings, overrides and isolates,
 * zero-width characters, line/paragraph separators, interlinear and tag characters. Shown as U+FFFD, so that one sees something was there.
 */
const steering =
  // oxlint-disable-next-line no-control-regex -- finding them is what it is for
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu

export const cleanText = (text: string): string => text.replace(steering, '\uFFFD')

/** Cleans every text of an answer, in place: no screen can forget it. */
export const cleanAnswer = (value: unknown): unknown => {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const item: unknown = value[at]
      if (typeof item === 'string' || typeof item === 'object') value[at] = cleanAnswer(item)
    }
    return value
  }
  const object = value as Record<string, unknown>
  for (const key of Object.keys(object)) {
    const clean = cleanText(key)
    const item = cleanAnswer(object[key])
    if (clean !== key) delete object[key]
    // Not by assignment: "__proto__" is a name as any other here.
    Object.defineProperty(object, clean, { value: item, enumerable: true, writable: true, configurable: true })
  }
  return object
}
