import type { Shape } from '../../catalogue/shapes'
import type { Value, ValueObject } from '../../core/result'
import type { HttpDouble } from '../double'
import type { Sessions } from './sessions'

/** One request of the control, read. */
export interface Call<Body> {
  readonly body: Body
  readonly double: HttpDouble
  readonly session: string
  readonly sessions: Sessions
  /** The address of the double. */
  readonly url: string
  /** The text in the place of `{name}` of the path. */
  readonly name: string
  /** Fires when the client has left. */
  readonly gone: AbortSignal
}

/** What the control can do. The document and the code are made of this. */
export interface Route<Body = unknown> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Behind `/__double`. */
  readonly path: string
  /** A sentence for the document. */
  readonly about: string
  /** The body, or what stands in the query string. */
  readonly body?: Shape<Body>
  readonly parameters?: Shape<Body>
  /** The schema of the answer. */
  readonly answer: ValueObject
  act(call: Call<Body>): Reply | Promise<Reply>
}

export type Reply = Readonly<Record<string, Value | object | undefined>>

/** A route, whose own types nobody else needs. */
export function route<Body>(route: Route<Body>): Route {
  return route as Route
}
