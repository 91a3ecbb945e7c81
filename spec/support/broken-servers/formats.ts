import type { BrokenServer, ProxiedRequest } from './proxy'
import { isGet, isSubmit, refuse } from './proxy'

const FORMATS = ['yaml', 'cbor', 'smile', 'csv', 'tsv', 'txt', 'md'] as const

const namesOf = (formats: readonly string[]): string[] =>
  formats.map((format) => `formats.${format}.equals-json`)

const formatOf = ({ path }: ProxiedRequest): string | undefined => /\?format=(\w+)$/.exec(path)?.[1]

const wholes: readonly BrokenServer[] = [
  {
    flaw: 'loses a column in every format but JSON and Arrow',
    request(request) {
      const format = isGet(request) ? formatOf(request) : undefined
      if (FORMATS.some((name) => name === format)) request.path += '&drop_null_columns=true'
    },
    caughtBy: namesOf(FORMATS),
  },
  {
    flaw: 'calls every format something else',
    answer(answer, request) {
      const isConcerned = isGet(request) && answer.status === 200 && formatOf(request) !== 'xyz'
      if (isConcerned && formatOf(request)) answer.headers['content-type'] = 'application/octet-stream'
    },
    caughtBy: [...namesOf([...FORMATS, 'arrow']), 'formats.parameter.wins', 'document.get.documented'],
  },
]

const others: readonly BrokenServer[] = [
  {
    flaw: 'breaks off in Arrow',
    answer(answer, { path }) {
      if (path.endsWith('?format=arrow')) answer.body = answer.body.subarray(0, 40)
    },
    caughtBy: ['formats.arrow.equals-json'],
  },
  {
    flaw: 'does not look at Accept for text',
    request: ({ headers }) => headers.accept?.startsWith('text/csv') && delete headers.accept,
    caughtBy: ['formats.accept.chooses', 'formats.csv.header-absent'],
  },
  {
    flaw: 'lets Accept win over format',
    request(request) {
      if (request.headers.accept === 'application/json')
        request.path = request.path.replace('?format=csv', '')
    },
    caughtBy: ['formats.parameter.wins'],
  },
  {
    flaw: 'refuses a get in an unknown format',
    answer: (answer, request) =>
      isGet(request) &&
      request.path.endsWith('=xyz') &&
      refuse(answer, 400, 'illegal_argument_exception', 'unknown format'),
    caughtBy: ['formats.unknown.get'],
  },
  {
    flaw: 'submits in JSON only',
    request(request) {
      if (isSubmit(request)) request.path = request.path.replace('?format=csv', '')
    },
    caughtBy: ['formats.submit.csv', 'formats.columnar.no-csv'],
  },
  {
    flaw: 'has no state in the headers of CSV',
    answer: (answer, request) =>
      isGet(request) &&
      request.path.endsWith('?format=csv') &&
      delete answer.headers['x-elasticsearch-async-is-running'],
    caughtBy: ['formats.csv.headers', 'document.get.documented'],
  },
  {
    flaw: 'ignores the delimiter',
    request(request) {
      request.path = request.path.replace('&delimiter=%7C', '')
    },
    caughtBy: ['formats.csv.delimiter'],
  },
  {
    flaw: 'always has a line of names in CSV',
    request: ({ headers }) =>
      headers.accept?.includes('absent') && Object.assign(headers, { accept: 'text/csv' }),
    caughtBy: ['formats.csv.header-absent'],
  },
  {
    flaw: 'ignores columnar',
    request(request) {
      request.body = request.body.replace(',"columnar":true', '')
    },
    caughtBy: ['formats.columnar.transposes', 'formats.columnar.no-csv'],
  },
  {
    flaw: 'keeps columns of nulls',
    request(request) {
      request.path = request.path.replace('?drop_null_columns=true', '')
    },
    caughtBy: ['formats.drop-null-columns.drops'],
  },
]

export const brokenFormats: readonly BrokenServer[] = [...wholes, ...others]
