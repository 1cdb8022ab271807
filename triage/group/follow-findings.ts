/** For those who import from here still: it moved. */
export { restore } from '../restore.ts'
export { startTriage, type Triage } from '../start-triage.ts'
