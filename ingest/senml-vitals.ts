import { type VitalName, vitalNamed, vitals } from '../contracts/vitals.ts'

/** Names that devices and gateways use for the table's vitals, lower-case; LOINC and MDC codes of the table are added below. */
const otherNames: Readonly<Record<string, VitalName>> = {
  heart_rate: 'hr',
  heartrate: 'hr',
  mdc_ecg_heart_rate: 'hr',
  pulse_rate: 'pulse',
  pulserate: 'pulse',
  mdc_puls_oxim_puls_rate: 'pulse',
  respiratory_rate: 'resp',
  resp_rate: 'resp',
  mdc_resp_rate: 'resp',
  mdc_puls_oxim_sat_o2: 'spo2',
  oxygen_saturation: 'spo2',
  temperature: 'temp',
  body_temperature: 'temp',
  mdc_temp_body: 'temp',
  blood_glucose: 'glucose',
  mdc_conc_glu_gen: 'glucose',
  skin_temperature: 'skinTemp',
  ambient_temperature: 'ambientTemp',
  infusion_rate: 'infusionRate',
  volume_infused: 'volumeInfused',
  line_pressure: 'linePressure',
  systolic: 'nbpSys',
  diastolic: 'nbpDia',
}

const byOtherName = new Map<string, VitalName>(Object.entries(otherNames))
for (const name of Object.keys(vitals) as VitalName[]) {
  byOtherName.set(name.toLowerCase(), name)
  const { loinc, mdc } = vitals[name]
  if (loinc !== null) byOtherName.set(loinc, name)
  if (mdc !== null) byOtherName.set(String(mdc), name)
}

/**
 * A resolved SenML name to a vital's: its last part after `/` or `:` (`urn:dev:ow:10e2073a01080063:heart_rate`, `bed-3/8867-4`), looked up
 * among the table's names, its LOINC and MDC codes and the usual synonyms; one that is not known is kept as it is.
 */
export const vitalOfSenmlName = (resolved: string): string => {
  const last = resolved.slice(Math.max(resolved.lastIndexOf('/'), resolved.lastIndexOf(':')) + 1)
  return byOtherName.get(last.toLowerCase()) ?? last
}

type Convert = (value: number) => number
const same: Convert = (value) => value

/** From SenML's registered units (RFC 8428 section 12.1, RFC 8798) and their UCUM spellings, by the table's UCUM unit. */
const conversions: Readonly<Record<string, Readonly<Record<string, Convert>>>> = {
  '/min': {
    '/min': same,
    '1/min': same,
    'beat/min': same,
    '{beats}/min': same,
    Hz: (v) => v * 60,
    '1/s': (v) => v * 60,
    'beat/s': (v) => v * 60,
  },
  '%': { '%': same, '%RH': same, '/': (v) => v * 100, '1': (v) => v * 100 },
  '1': { '1': same, '/': same, '%': (v) => v / 100 },
  Cel: {
    Cel: same,
    K: (v) => v - 273.15,
    mK: (v) => v / 1_000 - 273.15,
    degF: (v) => ((v - 32) * 5) / 9,
    '[degF]': (v) => ((v - 32) * 5) / 9,
  },
  'mm[Hg]': {
    'mm[Hg]': same,
    mmHg: same,
    Pa: (v) => v / 133.322_387_415,
    hPa: (v) => v / 1.333_223_874_15,
    kPa: (v) => v * 7.500_615_758_456_57,
  },
  // Glucose is the table's only mass concentration: 180.156 g/mol.
  'mg/dL': { 'mg/dL': same, 'mg/dl': same, 'mmol/L': (v) => v * 18.015_6, 'mmol/l': (v) => v * 18.015_6, 'mol/m3': (v) => v * 18.015_6 },
  mL: { mL: same, ml: same, l: (v) => v * 1_000, L: (v) => v * 1_000, m3: (v) => v * 1_000_000 },
  'mL/h': {
    'mL/h': same,
    'ml/h': same,
    'ml/min': (v) => v * 60,
    'mL/min': (v) => v * 60,
    'l/s': (v) => v * 3_600_000,
    'l/h': (v) => v * 1_000,
  },
  '{score}': { '{score}': same, count: same, '1': same },
}

/** A value in the table's unit; null when the unit cannot be one of this vital's. Without a unit, or for an unknown vital, as it is. */
export const inUnitOfVital = (name: string, unit: string | undefined, value: number): number | null => {
  const row = vitalNamed(name)
  if (row === undefined || unit === undefined || unit === '') return value
  const convert = conversions[row.ucum]
  return convert !== undefined && Object.hasOwn(convert, unit) ? convert[unit]!(value) : null
}
