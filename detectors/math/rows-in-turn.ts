/**
 * Looks rows up by the names of a reading's vitals, one after the other. Readings of a device have the same names in the same order, and
 * those of its model too: the row that the name at this place had last time is nearly always its row, and a comparison costs a third of a lookup.
 * Remembers nothing that an answer depends on.
 */
export const rowsInTurn = <Row>(rows: ReadonlyMap<string, Row>): ((name: string, place: number) => Row | undefined) => {
  const names: string[] = []
  const found: (Row | undefined)[] = []
  return (name, place) => {
    if (names[place] === name) return found[place]
    const row = rows.get(name)
    // Filled from the front; a message has no more vitals than the decoder lets through.
    if (place <= names.length) {
      names[place] = name
      found[place] = row
    }
    return row
  }
}
