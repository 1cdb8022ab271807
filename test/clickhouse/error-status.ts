/** HTTP status by ClickHouse's error code, as the server's HTTPHandler has it. */
const byCode = new Map<number, number>()
const set = (status: number, codes: readonly number[]): void => {
  for (const code of codes) byCode.set(code, status)
}
set(400, [6, 26, 27, 36, 38, 41, 62, 69, 70, 72, 117, 130, 190, 386, 427, 456, 457])
set(403, [192, 193, 497, 512, 516])
set(404, [46, 47, 50, 56, 60, 63, 81, 115])
set(408, [159])
set(413, [307, 158])
set(501, [48])
set(503, [209, 210])

export const statusOf = (code: number): number => byCode.get(code) ?? 500
