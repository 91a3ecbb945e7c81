export interface Cause {
  type: string
  reason: string
  [metadata: string]: unknown
}

interface Details {
  /** Fields of the error besides its type and reason. */
  metadata?: Record<string, unknown>
  causedBy?: Cause
  /** Headers that the answer and the error object both have. */
  headers?: Record<string, string | string[]>
}

/** A refusal that the stand-in answers in Elasticsearch's envelope. */
export class ClusterError extends Error {
  readonly status: number
  readonly type: string
  readonly details: Details

  constructor(status: number, type: string, reason: string, details: Details = {}) {
    super(reason)
    this.status = status
    this.type = type
    this.details = details
  }

  get body(): Record<string, unknown> {
    const { metadata, causedBy, headers } = this.details
    const error = { type: this.type, reason: this.message, ...metadata, ...(headers && { header: headers }) }
    const caused = causedBy && { caused_by: causedBy }
    return { error: { root_cause: [error], ...error, ...caused }, status: this.status }
  }
}

/** A refusal of Elasticsearch's routing. Its error is a text. */
export class PlainError extends Error {
  readonly status: number
  readonly tellsStatus: boolean
  readonly headers: Record<string, string>

  constructor(status: number, reason: string, headers: Record<string, string> = {}, tellsStatus = true) {
    super(reason)
    this.status = status
    this.headers = headers
    this.tellsStatus = tellsStatus
  }

  get body(): Record<string, unknown> {
    return { error: this.message, ...(this.tellsStatus && { status: this.status }) }
  }
}

export function illegalArgument(reason: string, causedBy?: Cause): ClusterError {
  return new ClusterError(400, 'illegal_argument_exception', reason, causedBy && { causedBy })
}

export function resourceNotFound(reason: string): ClusterError {
  return new ClusterError(404, 'resource_not_found_exception', reason)
}

export function taskCancelled(why: string): ClusterError {
  return new ClusterError(400, 'task_cancelled_exception', `task cancelled [${why}]`)
}
