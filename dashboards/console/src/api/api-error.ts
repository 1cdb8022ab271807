import type { Problem } from '../../../../contracts/api/problem.ts'

/** What TanStack Query carries: an Error with the problem that the server told, or `status` 0 when it could not be reached. */
export interface ApiError extends Error {
  readonly problem: Problem
}

export const createApiError = (problem: Problem): ApiError => Object.assign(new Error(problem.title), { problem })

const unreachable: Problem = {
  type: 'urn:wardwatch:problem:unreachable',
  title: 'The platform cannot be reached',
  status: 0,
  requestId: '',
}

export const createUnreachable = (): ApiError => createApiError(unreachable)

export const problemOf = (error: unknown): Problem => {
  if (error instanceof Error && 'problem' in error) return error.problem as Problem
  return { ...unreachable, type: 'urn:wardwatch:problem:console', title: error instanceof Error ? error.message : 'Something went wrong' }
}
