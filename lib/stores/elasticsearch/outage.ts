/** The cluster gave no answer. What went wrong is the `cause`. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  /** The cluster may have received the request, and may be acting on it. */
  readonly mayHaveArrived: boolean

  constructor(message: string, options: { mayHaveArrived: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.mayHaveArrived = options.mayHaveArrived
  }
}

/** The cluster gave an answer that the store cannot use: broken off, not of Elasticsearch, or against its API. */
export class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError'
}
