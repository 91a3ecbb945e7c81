import fc from 'fast-check'

export const USERS = ['alice', 'mallory', 'admin'] as const
export type User = (typeof USERS)[number]

/** What a query does: it ends at once, it fails at once, or it ends on a command. */
export type Kind = 'fast' | 'fail' | 'slow'

/** Times that never end together, whenever they begin: time advances in steps of half a second. */
export const WAIT_MS = 1_003
export const SHORT_KEEP_MS = 60_007
export const LONG_KEEP_MS = 432_000_000

/** `ref` picks one of the queries with known ids, including deleted ones. */
export type Command =
  | { do: 'submit'; user: User; kind: Kind; waits: boolean; keeps: boolean; keepMs: number }
  | { do: 'get'; user: User; ref: number; waitMs: number | undefined; keepMs: number | undefined }
  | { do: 'head' | 'stop' | 'delete'; user: User; ref: number }
  /** Picks one of the running queries, including those whose ids nobody knows yet. */
  | { do: 'end'; ref: number; fails: boolean }
  | { do: 'advance'; ms: number }

/** A command that asks about one query. */
export type Asking = Extract<Command, { user: User; ref: number }>

const user = fc.constantFrom(...USERS)
const ref = fc.nat(5)

export const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    {
      arbitrary: fc.record<Command & { do: 'submit' }>({
        do: fc.constant('submit'),
        user,
        kind: fc.constantFrom<Kind>('fast', 'fail', 'slow', 'slow', 'slow'),
        waits: fc.boolean(),
        keeps: fc.boolean(),
        keepMs: fc.constantFrom(SHORT_KEEP_MS, LONG_KEEP_MS),
      }),
      weight: 5,
    },
    {
      arbitrary: fc.record<Command & { do: 'get' }>({
        do: fc.constant('get'),
        user,
        ref,
        waitMs: fc.constantFrom(undefined, 0, WAIT_MS),
        keepMs: fc.constantFrom(undefined, undefined, SHORT_KEEP_MS, LONG_KEEP_MS),
      }),
      weight: 8,
    },
    {
      arbitrary: fc.record<Command & { do: 'stop' }>({
        do: fc.constantFrom<'stop'>(...(['head', 'stop', 'delete'] as 'stop'[])),
        user,
        ref,
      }),
      weight: 5,
    },
    {
      arbitrary: fc.record<Command & { do: 'end' }>({ do: fc.constant('end'), ref, fails: fc.boolean() }),
      weight: 3,
    },
    {
      arbitrary: fc.record<Command & { do: 'advance' }>({
        do: fc.constant('advance'),
        ms: fc.constantFrom(500, 1_500, 61_000),
      }),
      weight: 2,
    },
  ),
  { minLength: 1, maxLength: 30, size: 'max' },
)
