import { problemOf } from '../api/api-error.ts'

/** A failed request where its data would be: what, the request id for the log, and a way to try again. Old data stay beside it. */
export const ProblemNote = ({ error, retry, old = false }: { error: unknown; retry?: () => void; old?: boolean }) => {
  const problem = problemOf(error)
  return (
    <div className="problem" role="alert">
      <span className="grow">
        {problem.title}
        {problem.detail === undefined ? '' : `: ${problem.detail}`}
        {problem.roles === undefined ? '' : ` Roles that may: ${problem.roles.join(', ')}.`}
        {old ? ' What is shown is from before.' : ''}
        {problem.requestId === '' ? null : (
          <>
            {' '}
            Request <span className="mono">{problem.requestId}</span>
          </>
        )}
      </span>
      {retry === undefined ? null : (
        <button type="button" className="button small" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}
