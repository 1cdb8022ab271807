import { vitalColumns } from '../landing/reading-batch.ts'

const isColumn = (name: string): boolean => (vitalColumns as readonly string[]).includes(name)

/** For each vital an expression of its value in `readings`, and the parameters that it needs: a name is a device's own words, so it is only ever bound. */
export const valuesOf = (names: readonly string[]): { readonly values: readonly string[]; readonly parameters: Record<string, string> } => {
  const parameters: Record<string, string> = {}
  const values = names.map((name, i) => {
    if (isColumn(name)) return name
    parameters[`vital${i}`] = name.toWellFormed()
    return `if(mapContains(other_vitals, {vital${i}:String}), other_vitals[{vital${i}:String}], NULL)`
  })
  return { values, parameters }
}
