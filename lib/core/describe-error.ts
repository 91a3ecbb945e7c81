/** A chain of causes can be a ring. */
const MOST_CAUSES = 5

/** An error as the log shows it: name, message, stack and causes, but no other property. */
export interface ErrorDescription {
  name: string
  code?: string
  message: string
  stack?: string | undefined
  cause?: ErrorDescription
}

/**
 * The parts of an error that say what went wrong. Not its other properties: in errors of HTTP clients they hold the
 * headers of the request, tokens included.
 */
export function describeError(error: unknown, causes = 0): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error, message: textOf(error) }
  return {
    name: error.name,
    ...('code' in error && { code: String(error.code) }),
    message: error.message,
    stack: error.stack,
    ...(error.cause !== undefined &&
      causes < MOST_CAUSES && { cause: describeError(error.cause, causes + 1) }),
  }
}

/** A thrown value that is no error is described by its kind where it could hold anything. */
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object that is not an Error' : String(value)
}
