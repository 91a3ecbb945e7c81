import { COLUMN, ENTRY_FIELDS, RESPONSE, ROWS } from '../../catalogue/format'
import {
  ANY_OBJECT,
  ANYTHING,
  about,
  integer,
  listOf,
  numberOf,
  objectOf,
  oneOf,
  TEXT,
  text,
  wordOr,
} from '../../catalogue/shapes'
import { DOUBLE_OPERATIONS } from '../operations'
import { FAULT_NAMES } from './faults'

const TIMES = integer('a whole number above 0', 1)
const TIME = text('a time value such as 500ms or 3s', { pattern: /^(\d+(nanos|micros|ms|s|m|h|d)|0)$/ })

/** How long a request of the control waits, in real time. */
const TIMEOUT = about('How long to wait, in real time. Left out: 10s.', TIME)

const { response_file: _, shows: __, redacted: ___, ...SCRIPT_FIELDS } = ENTRY_FIELDS

/** A script. */
export const SCRIPT = objectOf(
  {
    ...SCRIPT_FIELDS,
    params: about('The params of the request, or `any`. Left out: any.', wordOr('any', listOf(ANYTHING))),
    filter: about('The filter of the request, or `any`. Left out: any.', wordOr('any', ANY_OBJECT)),
    partial_columns: about(
      'The columns of `partial_values`, where no response has them. Left out: made-up ones.',
      listOf(COLUMN),
    ),
    never_ends: about('`true`: the query runs until somebody ends it.', oneOf('true', [true])),
    times: about('For so many submits, and `assert` insists on them. Left out: for all.', TIMES),
  },
  {
    oneOfEach: [
      ['query', 'pattern'],
      ['response', 'responses', 'never_ends'],
    ],
  },
)
export type ScriptFields = ReturnType<(typeof SCRIPT)['read']>

export const ADVANCE = objectOf(
  { advance: about('How much time passes. Answers when what fell due is answered.', TIME) },
  { required: ['advance'] },
)

/** The words of the journal. */
const ENTRY_OF_JOURNAL = {
  operation: oneOf('an operation', DOUBLE_OPERATIONS),
  method: TEXT,
  url: about('Path and query string, as sent.', TEXT),
  query: about('The text of the query. Blanks, comments and the case of commands do not count.', TEXT),
  id: TEXT,
  owner: TEXT,
  status: about(
    'The status that the client has got, or `aborted`.',
    wordOr('aborted', integer('a status', 100, 599)),
  ),
  fault: TEXT,
  format: TEXT,
}
export const JOURNAL_FILTER = objectOf(
  {
    ...ENTRY_OF_JOURNAL,
    headers: about('Names and values. Each one given has to be there.', ANY_OBJECT),
    params: listOf(ANYTHING),
  },
  {},
)
export type FilterFields = ReturnType<(typeof JOURNAL_FILTER)['read']>

export const FAULT = objectOf(
  {
    operation: ENTRY_OF_JOURNAL.operation,
    fault: about('What goes wrong.', oneOf('a fault', FAULT_NAMES)),
    times: about('How many requests meet it. Left out: 1, or every one with `share`.', TIMES),
    of: about('Only requests whose entry in the journal is like this.', JOURNAL_FILTER),
    share: about(
      'The share of requests that meet it. `seed` decides which.',
      numberOf('a number from 0 to 1', 0, 1),
    ),
    seed: about('Another number gives another choice for `share`.', integer('a whole number', 0)),
    bytes: about(
      'Of cut and stall: after so many bytes of the body.',
      integer('a whole number, 0 or more', 0),
    ),
    bytes_per_second: about('Of slow.', TIMES),
    retry_after: about('Of rateLimited: in seconds. Left out: 1.', integer('a whole number, 0 or more', 0)),
    delay: about('Of delay: how long the request waits, by the clock of the double.', TIME),
    status: about('Of answer.', integer('an HTTP status from 200', 200, 599)),
    headers: about('Of answer: names and values.', ANY_OBJECT),
    body: about('Of answer: a text, or anything else, which is sent as JSON.', ANYTHING),
  },
  { required: ['operation', 'fault'] },
)
export type FaultFields = ReturnType<(typeof FAULT)['read']>

const WHICH = {
  query: about('The text of the query that is meant. If there is none yet, the request waits for it.', TEXT),
  timeout: TIMEOUT,
}
const COLUMNS = about(
  'The columns of the rows. Left out: those of the script, or made-up ones.',
  listOf(COLUMN),
)

export const RUNNING = objectOf(WHICH, { required: ['query'] })
export const REPORT = objectOf(
  { ...WHICH, columns: COLUMNS, values: ROWS },
  { required: ['query', 'values'] },
)
export const COMPLETE = objectOf(
  {
    ...WHICH,
    response: about('Left out: that of the script, or the rows that were reported.', RESPONSE),
  },
  { required: ['query'] },
)
export const FAIL = objectOf(
  { ...WHICH, response: about('The error.', RESPONSE) },
  { required: ['query', 'response'] },
)

export const NAME_OF_SESSION = text('1 to 100 letters, digits, dots, dashes and underscores', {
  pattern: /^[\w.-]{1,100}$/,
})
export const SESSION = objectOf(
  {
    session: NAME_OF_SESSION,
    users: about('Values of `Authorization` whose requests are of this session.', listOf(TEXT)),
  },
  { required: ['session'] },
)

/** What may stand in a query string. Numbers come as texts. */
export const JOURNAL_PARAMETERS = objectOf(ENTRY_OF_JOURNAL, {})
export const WAITING_PARAMETERS = objectOf(
  {
    requests: about(
      'How many requests have to wait. Left out: tells how many do.',
      integer('a whole number, 0 or more', 0),
    ),
    timeout: TIMEOUT,
  },
  {},
)
