/** A value with its key in front, so that both are sealed as one: two bytes of the key's length, the key in UTF-8, the value. */
export const withKey = (key: string, value: Uint8Array): Buffer => {
  const bytes = Buffer.from(key)
  const out = Buffer.allocUnsafe(2 + bytes.length + value.length)
  out.writeUInt16BE(bytes.length, 0)
  out.set(bytes, 2)
  out.set(value, 2 + bytes.length)
  return out
}

/** The value is a view into `opened`. */
export const withoutKey = (opened: Buffer): { key: string; value: Buffer } => {
  const valueAt = 2 + opened.readUInt16BE(0)
  return { key: opened.toString('utf8', 2, valueAt), value: opened.subarray(valueAt) }
}
