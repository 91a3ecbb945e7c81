import { ERROR_STATUS } from '../core/errors'
import type { ValueObject } from '../core/result'
import { COLUMN_TYPES } from '../core/result'
import type { Shape } from './shapes'
import {
  ANY_OBJECT,
  ANYTHING,
  about,
  BOOLEAN,
  eitherBy,
  integer,
  listOf,
  objectOf,
  oneOf,
  TEXT,
  text,
  wordOr,
} from './shapes'

const COUNT = integer('a whole number, 0 or more', 0)

/** As in Elasticsearch, but recorded times may have fractions. */
const TIME = text('a time value such as 500ms or 1.6s', {
  pattern: /^(\d+(\.\d+)? ?(nanos|micros|ms|s|m|h|d)|0|-1)$/,
})

export const ROWS = listOf(listOf(ANYTHING))
/** What a client or a server has chosen freely may also be empty. */
const FREE_TEXT = text('a text', { mayBeEmpty: true })

const WARNINGS = about('Texts that the answer has as `Warning` headers.', listOf(FREE_TEXT))

export const COLUMN = objectOf(
  {
    name: FREE_TEXT,
    type: oneOf('an ES|QL type', COLUMN_TYPES),
    original_types: listOf(FREE_TEXT),
    suggested_cast: FREE_TEXT,
    _meta: about('Shown to requests that ask for it.', ANY_OBJECT),
  },
  { required: ['name', 'type'], isOpen: true },
)

/** A recorded body has more fields. They do not describe the result. */
const RESULT = objectOf(
  {
    took: about('Milliseconds. Left out, the time that the query really takes.', COUNT),
    is_partial: BOOLEAN,
    documents_found: COUNT,
    values_loaded: COUNT,
    rows_emitted: COUNT,
    bytes_read: COUNT,
    read_nanos: COUNT,
    cpu_nanos: COUNT,
    approximation_applied: BOOLEAN,
    warnings: WARNINGS,
    columns: listOf(COLUMN),
    values: about('An array for each row, or with `columnar` of the entry for each column.', ROWS),
    profile: ANY_OBJECT,
    _clusters: ANY_OBJECT,
  },
  { required: ['columns', 'values'], isOpen: true },
)

/** The cause of an error, which may have one of its own. */
const CAUSE: Shape<ValueObject> = {
  schema: { $ref: '#/definitions/cause' },
  read: (value, where) => CAUSE_FIELDS.read(value, where),
}
const CAUSE_FIELDS: Shape<ValueObject> = objectOf(
  { type: TEXT, reason: FREE_TEXT, caused_by: CAUSE },
  { required: ['type', 'reason'], isOpen: true },
)

const OWN_STATUS = Object.keys(ERROR_STATUS)

const ERROR_FIELDS = objectOf(
  {
    error: objectOf(
      { type: TEXT, reason: FREE_TEXT, caused_by: CAUSE },
      { required: ['type', 'reason'], isOpen: true },
    ),
    status: integer('an HTTP status of 400 or above', 400, 599),
  },
  { required: ['error'], isOpen: true },
)

/** An error says its status, unless it is one of this package, which each have one. */
const ERROR: typeof ERROR_FIELDS = {
  schema: {
    ...ERROR_FIELDS.schema,
    anyOf: [
      { required: ['status'] },
      { properties: { error: { type: 'object', properties: { type: { enum: OWN_STATUS } } } } },
    ],
  },
  read(value, where) {
    const read = ERROR_FIELDS.read(value, where)
    const type = read.error?.type ?? ''
    if (read.status !== undefined || OWN_STATUS.includes(type)) return read
    throw new Error(
      `${where} must have \`status\`: the type \`${type}\` is none of this package, which have their own`,
    )
  },
}

/** The body of an answer of Elasticsearch: a result or an error. */
export const RESPONSE = about(
  'The body of an answer, as recorded or as written by hand.',
  eitherBy('error', ERROR, RESULT),
)

/** A response that is too long to stand among others. */
const RESPONSE_FILE = objectOf(
  { response_file: about('The file of a response, beside the catalogue.', TEXT) },
  { required: ['response_file'] },
)

/** What an entry of a catalogue may have: what the parser reads, and what the schema says. */
export const ENTRY_FIELDS = {
  query: about('The whole text. Comments, blanks and the case of commands do not count.', TEXT),
  pattern: about('A regular expression for the whole text.', TEXT),
  params: about(
    'The params of the request, or `any`. Left out: none, and any for a pattern and in version 1.',
    wordOr('any', listOf(ANYTHING)),
  ),
  filter: about(
    'The filter of the request, or `any`. Left out: none, and any for a pattern and in version 1.',
    wordOr('any', ANY_OBJECT),
  ),
  locale: about('The locale of the request. Left out: any.', FREE_TEXT),
  time_zone: about('The time zone of the request. Left out: any.', TEXT),
  redacted: about(
    'Whether a recorder has changed what is asked, so that no server can be asked the same again.',
    BOOLEAN,
  ),
  shows: about('What it is for, in the list that the server prints.', TEXT),
  delay: about('How long the query runs, such as `1.6s`.', TIME),
  keep_alive: about('The longest time that the query is kept, whatever the client asks for.', TIME),
  partial_values: about('The rows that a stop keeps.', ROWS),
  columnar: about('Whether `values` of the responses has an array for each column.', BOOLEAN),
  warnings: WARNINGS,
  response: RESPONSE,
  responses: about(
    'One for each time that the query is asked. The last one stays.',
    listOf(eitherBy('response_file', RESPONSE_FILE, RESPONSE), { atLeast: 1 }),
  ),
  response_file: about('The file of a response, beside the catalogue.', TEXT),
}

const ENTRY = objectOf(ENTRY_FIELDS, {
  oneOfEach: [
    ['query', 'pattern'],
    ['response', 'responses', 'response_file'],
  ],
})

export type EntryFields = ReturnType<(typeof ENTRY)['read']>
export type ResponseFields = ReturnType<(typeof RESPONSE)['read']>

export const CATALOGUE = objectOf(
  {
    $schema: about('For editors.', TEXT),
    version: about(
      'The version of the format. Left out: 1.',
      oneOf('a version that this release reads', [1, 2]),
    ),
    recorded: about('When and where the answers were recorded, for people.', ANY_OBJECT),
    queries: about('Each query and its answer. The first one that fits is taken.', listOf(ENTRY)),
  },
  { required: ['queries'] },
)

/** The schema that errors refer to as `#/definitions/cause`. */
export function causeSchema(): ValueObject {
  return CAUSE_FIELDS.schema
}

/** The JSON schema of a catalogue, draft-07. */
export function catalogueSchema(): ValueObject {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Queries and their answers, for express-esql-async-query',
    ...CATALOGUE.schema,
    definitions: { cause: causeSchema() },
  }
}
