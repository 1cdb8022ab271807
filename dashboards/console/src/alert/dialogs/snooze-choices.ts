const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** The times that are asked for most; a morning is that of this computer's time zone. */
export const snoozeChoices = (nowMs: number): readonly { readonly title: string; readonly until: number }[] => {
  const morning = new Date(nowMs)
  morning.setHours(7, 0, 0, 0)
  if (morning.getTime() <= nowMs) morning.setDate(morning.getDate() + 1)
  return [
    { title: '15 minutes', until: nowMs + 15 * minuteMs },
    { title: '1 hour', until: nowMs + hourMs },
    { title: '4 hours', until: nowMs + 4 * hourMs },
    { title: 'Next morning', until: morning.getTime() },
    { title: '24 hours', until: nowMs + 24 * hourMs },
  ]
}
