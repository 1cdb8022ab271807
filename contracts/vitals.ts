/**
 * The one table of vitals. LOINC: loinc.org; MDC: IEEE 11073-10101 codes (Rosetta terminology).
 * `low`/`high` are limits of what a living patient (or the device) can show, not alarm limits of a ward.
 * `ratePerMinuteMax` is the largest plausible change in a minute, artefacts aside.
 * `sentinels` are values that devices send for "not connected"; they are marked and never become a value.
 */
export interface Vital {
  readonly title: string
  readonly unit: string
  /** UCUM code of the unit, as SenML and FHIR write it. */
  readonly ucum: string
  readonly loinc: string | null
  readonly mdc: number | null
  readonly low: number
  readonly high: number
  readonly ratePerMinuteMax: number
  readonly sentinels: readonly number[]
}

const vital = (
  title: string,
  unit: string,
  ucum: string,
  loinc: string | null,
  mdc: number | null,
  low: number,
  high: number,
  ratePerMinuteMax: number,
  sentinels: readonly number[],
): Vital => ({ title, unit, ucum, loinc, mdc, low, high, ratePerMinuteMax, sentinels })

export const vitals = {
  hr: vital('Heart rate', 'bpm', '/min', '8867-4', 147842, 15, 300, 120, [0, -1]),
  pulse: vital('Pulse rate', 'bpm', '/min', '8889-8', 149530, 15, 300, 120, [0, -1]),
  resp: vital('Respiratory rate', '1/min', '/min', '9279-1', 151562, 2, 120, 60, [0, -1]),
  spo2: vital('Oxygen saturation', '%', '%', '59408-5', 150456, 30, 100, 40, [0, -1]),
  sao2: vital('Arterial oxygen saturation', '%', '%', '2708-6', 150324, 20, 100, 40, [0, -1]),
  temp: vital('Body temperature', 'Cel', 'Cel', '8310-5', 150364, 24, 44, 1, [0, -1, -17.8]),
  abpSys: vital('Arterial pressure, systolic', 'mmHg', 'mm[Hg]', '8480-6', 150033, 20, 320, 160, [0, -1]),
  abpDia: vital('Arterial pressure, diastolic', 'mmHg', 'mm[Hg]', '8462-4', 150034, 5, 220, 120, [0, -1]),
  abpMean: vital('Arterial pressure, mean', 'mmHg', 'mm[Hg]', '8478-0', 150035, 10, 260, 140, [0, -1]),
  nbpSys: vital('Cuff pressure, systolic', 'mmHg', 'mm[Hg]', '76534-7', 150021, 20, 320, 160, [0, -1]),
  nbpDia: vital('Cuff pressure, diastolic', 'mmHg', 'mm[Hg]', '76535-4', 150022, 5, 220, 120, [0, -1]),
  nbpMean: vital('Cuff pressure, mean', 'mmHg', 'mm[Hg]', '76536-2', 150023, 10, 260, 140, [0, -1]),
  glucose: vital('Glucose', 'mg/dL', 'mg/dL', '2339-0', 160184, 15, 700, 30, [0, -1]),
  etco2: vital('End-tidal CO2', 'mmHg', 'mm[Hg]', '19889-5', 151708, 0, 150, 60, [-1]),
  fio2: vital('Inspired oxygen fraction', '1', '1', '3150-6', 152196, 0.15, 1, 1, [0, -1]),
  gcs: vital('Glasgow coma score', 'score', '{score}', '9269-2', 153600, 3, 15, 15, [0, -1]),
  urine: vital('Urine output', 'mL', 'mL', '9187-6', null, 0, 5_000, 5_000, [-1]),
  infusionRate: vital('Infusion rate', 'mL/h', 'mL/h', null, 157784, 0, 1_500, 1_500, [-1]),
  volumeInfused: vital('Volume infused', 'mL', 'mL', null, 157864, 0, 20_000, 100, [-1]),
  linePressure: vital('Infusion line pressure', 'mmHg', 'mm[Hg]', null, null, -100, 1_200, 1_500, []),
  steps: vital('Step rate', '1/min', '/min', '55423-8', null, 0, 300, 300, [-1]),
  skinTemp: vital('Skin temperature', 'Cel', 'Cel', '39106-0', 150388, 10, 45, 5, [-1]),
  ambientTemp: vital('Ambient temperature', 'Cel', 'Cel', '60832-3', null, -40, 85, 30, []),
} as const satisfies Record<string, Vital>

export type VitalName = keyof typeof vitals

const byName: ReadonlyMap<string, Vital> = new Map(Object.entries(vitals))

/** The table's row for a name, or undefined for one that Wardwatch does not know (kept as a value, without limits). */
export const vitalNamed = (name: string): Vital | undefined => byName.get(name)
