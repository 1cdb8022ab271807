/** Display names by account, for initials and "RK acknowledged"; learned from `GET /people`. */
export interface People {
  learn(people: readonly { readonly account: string; readonly displayName: string }[]): void
  nameOf(account: string): string
}

export const createPeople = (): People => {
  let names: ReadonlyMap<string, string> = new Map()
  return {
    learn: (people) => {
      names = new Map(people.map(({ account, displayName }) => [account, displayName]))
    },
    nameOf: (account) => names.get(account) ?? account,
  }
}

/** "Rosa Klein" -> "RK", "rosa.klein" -> "RK", "nightshift" -> "NI". */
export const initialsOf = (name: string): string => {
  const words = name.split(/[\s._-]+/).filter((word) => word !== '')
  const first = Array.from(words[0] ?? '?')
  const second = words.length > 1 ? Array.from(words.at(-1)!)[0]! : (first[1] ?? '')
  return `${first[0] ?? '?'}${second}`.toUpperCase()
}
