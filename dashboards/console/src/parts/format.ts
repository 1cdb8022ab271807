const two = (value: number): string => String(value).padStart(2, '0')
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** "10:42:08", this computer's time zone. */
export const clockTime = (ms: number): string => {
  const date = new Date(ms)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
/** "10:42" */
export const shortTime = (ms: number): string => clockTime(ms).slice(0, 5)

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** "10:42:08" today, "25 Nov 10:42" before. */
export const dayTime = (ms: number, nowMs: number): string => {
  const date = new Date(ms)
  const sameDay = date.toDateString() === new Date(nowMs).toDateString()
  if (sameDay) return clockTime(ms)
  const year = date.getFullYear() === new Date(nowMs).getFullYear() ? '' : ` ${date.getFullYear()}`
  return `${date.getDate()} ${months[date.getMonth()]}${year} ${shortTime(ms)}`
}

/** Age in the queue: "8s", "11m", "1h 04", "3d 02h". */
export const age = (ms: number): string => {
  if (ms < minuteMs) return `${Math.max(0, Math.floor(ms / 1_000))}s`
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)}m`
  if (ms < dayMs) return `${Math.floor(ms / hourMs)}h ${two(Math.floor((ms % hourMs) / minuteMs))}`
  return `${Math.floor(ms / dayMs)}d ${two(Math.floor((ms % dayMs) / hourMs))}h`
}

/** "14 min", "3 s", "2 h", "4 days": for sentences. */
export const span = (ms: number): string => {
  if (ms < minuteMs) return `${Math.max(0, Math.round(ms / 1_000))} s`
  if (ms < hourMs) return `${Math.round(ms / minuteMs)} min`
  if (ms < 2 * dayMs) return `${Math.round(ms / hourMs)} h`
  return `${Math.round(ms / dayMs)} days`
}

/** Time left on a clock: "04:28", "2:22h", "3d 04h"; what has run out is negative, "−04:07". */
export const countdown = (ms: number): string => {
  const left = Math.abs(ms)
  const sign = ms < 0 ? '−' : ''
  if (left < hourMs) return `${sign}${two(Math.floor(left / minuteMs))}:${two(Math.floor((left % minuteMs) / 1_000))}`
  if (left < dayMs) return `${sign}${Math.floor(left / hourMs)}:${two(Math.floor((left % hourMs) / minuteMs))}h`
  if (left >= 100 * dayMs) return `${sign}${Math.floor(left / dayMs)}d`
  return `${sign}${Math.floor(left / dayMs)}d ${two(Math.floor((left % dayMs) / hourMs))}h`
}

/** "41,208" */
export const whole = (value: number): string => {
  const text = String(Math.round(Math.abs(value)))
  return `${value < 0 ? '−' : ''}${text.replace(/\B(?=(\d{3})+$)/g, ',')}`
}

/** At most three significant digits: "18.4k", "974", "12.0", "0.04". */
export const brief = (value: number): string => {
  const size = Math.abs(value)
  const sign = value < 0 ? '−' : ''
  if (size >= 1e9) return `${sign}${(size / 1e9).toFixed(1)}G`
  if (size >= 1e6) return `${sign}${(size / 1e6).toFixed(1)}M`
  if (size >= 1e4) return `${sign}${(size / 1e3).toFixed(1)}k`
  if (size >= 1_000) return whole(value)
  if (Number.isInteger(size) || size >= 100) return `${sign}${size.toFixed(0)}`
  if (size >= 1) return `${sign}${size.toFixed(1)}`
  return `${sign}${Number(size.toPrecision(2))}`
}

/** "1.3 s", "240 ms"; "–" for what was not measured. */
export const duration = (ms: number | null): string => {
  if (ms === null) return '–'
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 100_000) return `${(ms / 1_000).toFixed(1)} s`
  return span(ms)
}

/** UCUM's codes are for machines; most are what people write as well. */
export const unitText = (unit: string): string => (unit === 'Cel' ? '°C' : unit.replace(/^1\/(?=.)/, 'per '))

/** What an alert is about where there is little room: of `address:10.6.6.9` the part that tells one from another. */
export const subjectText = (device: string): string => device.replace(/^address:/, '')

/** ".97"; "1.0" */
export const score = (value: number): string => (value >= 0.995 ? '1.0' : value.toFixed(2).slice(1))
