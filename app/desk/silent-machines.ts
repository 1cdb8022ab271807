import type { KnownMachine } from './known-machines.ts'

const namesMax = 5

/**
 * One sentence on machines that nothing came of lately: whether they stand still or are cut off is not known.
 *
 * @param cutOffItself whether whoever has not heard of them can't read the log: then it says nothing about them
 */
export const notHeardOf = (silent: readonly KnownMachine[], cutOffItself: boolean): string => {
  const names = silent.slice(0, namesMax).map(({ figures }) => figures.machine)
  if (silent.length > namesMax) names.push(`${silent.length - namesMax} more`)
  const all = names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  const seconds = Math.round(Math.min(...silent.map(({ silentMs }) => silentMs ?? 0)) / 1_000)
  return `${all} ${silent.length === 1 ? 'has' : 'have'} not been heard of for ${seconds} s: ${cutOffItself ? 'this desk is cut off itself' : 'stopped, or cut off from Kafka'}`
}
