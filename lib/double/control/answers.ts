import type { ValueObject } from '../../core/result'

/** The schemas of what the control answers. Draft 2020-12. */

const TEXT = { type: 'string' }
const COUNT = { type: 'integer', minimum: 0 }
const ANY_LIST = { type: 'array', items: {} }

const listOf = (items: ValueObject): ValueObject => ({ type: 'array', items })

/** An object with these fields and no others. Those whose name ends with `?` may be missing. */
export function answerOf(fields: Readonly<Record<string, ValueObject>>): ValueObject {
  const properties = Object.entries(fields).map(([name, schema]) => [name.replace('?', ''), schema])
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: Object.keys(fields).filter((name) => !name.endsWith('?')),
    additionalProperties: false,
  }
}

export const ACKNOWLEDGED = answerOf({ acknowledged: { const: true } })

export const TOKENS = answerOf({ alice: TEXT, mallory: TEXT })

export const INFO = answerOf({
  url: TEXT,
  control: TEXT,
  clock: { enum: ['manual', 'real'] },
  release: TEXT,
  session: TEXT,
  tokens: TOKENS,
})

export const TIME = answerOf({ clock: { enum: ['manual', 'real'] }, time_in_millis: { type: 'number' } })

export const REQUESTS = answerOf({
  requests: listOf(
    answerOf({
      'operation?': TEXT,
      method: TEXT,
      url: TEXT,
      'query?': TEXT,
      'params?': ANY_LIST,
      'id?': TEXT,
      'owner?': TEXT,
      headers: { type: 'object' },
      'status?': { anyOf: [{ const: 'aborted' }, { type: 'integer' }] },
      'fault?': TEXT,
      'wait_in_millis?': COUNT,
      'format?': TEXT,
    }),
  ),
})

export const UNMATCHED = answerOf({
  queries: listOf(answerOf({ query: TEXT, params: ANY_LIST, reason: TEXT })),
})

export const WAITING = answerOf({ waiting: COUNT, open: COUNT })

export const RUNNING = answerOf({
  queries: listOf(answerOf({ query: TEXT, params: ANY_LIST, 'id?': TEXT, owner: TEXT, waits: COUNT })),
})

export const SESSIONS = answerOf({ sessions: listOf(TEXT) })

export const SESSION = answerOf({ session: TEXT, tokens: TOKENS })

/** Elasticsearch's envelope. */
export const ERROR: ValueObject = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: { type: TEXT, reason: TEXT, root_cause: { type: 'array', items: { type: 'object' } } },
      required: ['type', 'reason', 'root_cause'],
    },
    status: { type: 'integer', minimum: 400, maximum: 599 },
  },
  required: ['error', 'status'],
  additionalProperties: false,
}
