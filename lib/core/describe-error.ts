/** A chain of causes can be endless. */
const MAX_CAUSES = 5

/** An error as the log shows it: name, message, stack and causes, but no other property. */
export interface ErrorDescription {
  name: string
  code?: string
  message: string
  stack?: string | undefined
  cause?: ErrorDescription
}

/**
 * Describes an error and its causes for a log. Leaves out all other properties: in errors of HTTP clients, those hold
 * the request headers and their tokens.
 */
export function describeError(error: unknown, causes = 0): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error, message: textOf(error) }
  return {
    name: error.name,
    ...('code' in error && { code: String(error.code) }),
    message: error.message,
    stack: error.stack,
    ...(error.cause !== undefined &&
      causes < MAX_CAUSES && { cause: describeError(error.cause, causes + 1) }),
  }
}

/** Describes a thrown value that is no error. Says nothing about the content of an object, which may be secret. */
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object that is not an Error' : String(value)
}
