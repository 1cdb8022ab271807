import type { Alert } from '../../../contracts/alert.ts'
import { vitalNamed } from '../../../contracts/vitals.ts'

/** Vitals that move with another, the likeliest first: what a clinician would look at next. */
const companions: Readonly<Record<string, readonly string[]>> = {
  hr: ['pulse', 'spo2', 'resp'],
  pulse: ['hr', 'spo2', 'resp'],
  resp: ['etco2', 'spo2', 'hr'],
  spo2: ['pulse', 'hr', 'sao2', 'resp'],
  sao2: ['spo2', 'pulse', 'hr'],
  temp: ['skinTemp', 'hr', 'resp'],
  abpSys: ['abpDia', 'abpMean', 'hr'],
  abpDia: ['abpSys', 'abpMean', 'hr'],
  abpMean: ['abpSys', 'abpDia', 'hr'],
  nbpSys: ['nbpDia', 'nbpMean', 'hr'],
  nbpDia: ['nbpSys', 'nbpMean', 'hr'],
  nbpMean: ['nbpSys', 'nbpDia', 'hr'],
  glucose: ['infusionRate', 'hr'],
  etco2: ['resp', 'spo2', 'hr'],
  fio2: ['spo2', 'resp'],
  infusionRate: ['linePressure', 'volumeInfused', 'glucose'],
  volumeInfused: ['infusionRate', 'linePressure'],
  linePressure: ['infusionRate', 'volumeInfused'],
  steps: ['hr', 'pulse'],
  skinTemp: ['temp', 'ambientTemp'],
  ambientTemp: ['skinTemp', 'temp'],
}

const prefixes = ['change of ', 'usual deviation of ']

/** The vital that an alert's evidence is about, and those that may stand beside it, the likeliest first; null when it is about none. */
export const vitalOf = (alert: Pick<Alert, 'evidence'>): { readonly name: string; readonly beside: readonly string[] } | null => {
  for (const { feature } of alert.evidence) {
    const prefix = prefixes.find((each) => feature.startsWith(each)) ?? ''
    const [name = '', against] = feature.slice(prefix.length).split(' against ')
    if (vitalNamed(name) === undefined) continue
    const others = [...(against === undefined ? [] : [against]), ...(companions[name] ?? [])]
    return { name, beside: others.filter((other) => other !== name && vitalNamed(other) !== undefined) }
  }
  return null
}
