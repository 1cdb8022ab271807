import { busy, refuse, type Refusal } from './refusal.ts'

/**
 * What a handler answers, or that it takes too long. A change that takes too long may still come about: the log is away, and what was decided is
 * written when it is back. That is told as it is, and not as a failure.
 */
export const inTime = async <T>(answer: Promise<T> | T, answerMs: number, changes: boolean): Promise<T | Refusal> => {
  if (!(answer instanceof Promise)) return answer
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Refusal>((resolve) => {
    timer = setTimeout(
      () =>
        resolve(
          changes
            ? refuse(
                503,
                'uncertain',
                'It is not known yet whether this was recorded',
                { detail: 'The log does not answer. It may still be recorded when the log is back: look before you try again.' },
                { 'retry-after': '10' },
              )
            : busy('This took too long'),
        ),
      answerMs,
    )
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
    // When it fails after all there is nobody left to tell.
    answer.catch(() => {})
  }
}
