import type { BrokenServer, ProxiedAnswer, ProxiedRequest } from './proxy'
import { isDelete, isGet, isSubmit, refuse } from './proxy'

const isGood = ({ status }: ProxiedAnswer): boolean => status === 200
const hasRows = (answer: ProxiedAnswer): boolean =>
  isGood(answer) && `${answer.headers['content-type']}`.startsWith('application/json')

const headers: readonly BrokenServer[] = [
  {
    flaw: 'has no product header on deletes',
    answer: (answer, request) =>
      isDelete(request) && isGood(answer) && delete answer.headers['x-elastic-product'],
    caughtBy: ['wire.product.answers', 'document.delete.documented'],
  },
  {
    flaw: 'has no product header on the 400 of a get',
    answer: (answer, request) =>
      isGet(request) && answer.status === 400 && delete answer.headers['x-elastic-product'],
    caughtBy: ['wire.product.errors', 'document.get.documented'],
  },
  {
    flaw: 'does not repeat the X-Opaque-Id',
    answer: (answer) => delete answer.headers['x-opaque-id'],
    caughtBy: ['wire.opaque-id.echo'],
  },
  {
    flaw: 'says on gets in milliseconds how long the query took',
    answer: (answer, request) =>
      isGet(request) && isGood(answer) && Object.assign(answer.headers, { 'took-nanos': '1.5' }),
    caughtBy: ['wire.took-nanos.results', 'document.get.documented'],
  },
  {
    flaw: 'has another id in the header of a get than in its body',
    answer: (answer, request) =>
      isGet(request) &&
      hasRows(answer) &&
      Object.assign(answer.headers, { 'x-elasticsearch-async-id': 'other' }),
    caughtBy: ['wire.async-id.kept'],
  },
  {
    flaw: 'says in the header of a get that a complete query runs',
    answer: (answer, request) =>
      isGet(request) &&
      hasRows(answer) &&
      Object.assign(answer.headers, { 'x-elasticsearch-async-is-running': '?1' }),
    caughtBy: ['wire.is-running.complete'],
  },
  {
    flaw: 'says in the header of a get that a running query is complete',
    answer: (answer) =>
      answer.headers['x-elasticsearch-async-is-running'] === '?1' &&
      Object.assign(answer.headers, { 'x-elasticsearch-async-is-running': '?0' }),
    caughtBy: ['wire.is-running.running'],
  },
]

const accepts = ({ headers }: ProxiedRequest, pattern: RegExp): boolean => pattern.test(headers.accept ?? '')

const mediaTypes: readonly BrokenServer[] = [
  {
    flaw: 'names a charset for JSON, as Express does',
    answer: (answer, request) =>
      isSubmit(request) &&
      answer.headers['content-type'] === 'application/json' &&
      isGood(answer) &&
      Object.assign(answer.headers, { 'content-type': 'application/json; charset=utf-8' }),
    caughtBy: ['wire.media-type.json', 'document.submit.documented'],
  },
  {
    flaw: 'ignores vendor media types',
    answer: (answer, request) =>
      accepts(request, /^[^,]*vnd[^,]*$/) &&
      Object.assign(answer.headers, { 'content-type': 'application/json' }),
    caughtBy: ['wire.media-type.vendor'],
  },
  {
    flaw: 'refuses lists of media types',
    answer: (answer, request) =>
      accepts(request, /,/) && refuse(answer, 400, 'media_type_header_exception', 'no list'),
    caughtBy: ['wire.media-type.list'],
  },
  {
    flaw: 'answers 406 to a get whose Accept it does not know',
    answer: (answer, request) =>
      accepts(request, /unknown/) && refuse(answer, 406, 'not_acceptable', 'not acceptable'),
    caughtBy: ['wire.media-type.unknown', 'document.get.documented'],
  },
  {
    flaw: 'takes text/plain for JSON',
    request: ({ headers }) =>
      headers['content-type'] === 'text/plain' &&
      Object.assign(headers, { 'content-type': 'application/json' }),
    caughtBy: ['wire.406.unsupported'],
  },
  {
    flaw: 'takes a body without Content-Type for JSON',
    request: ({ headers, body }) =>
      body !== '' &&
      headers['content-type'] === undefined &&
      Object.assign(headers, { 'content-type': 'application/json' }),
    caughtBy: ['wire.406.missing'],
  },
]

const routing: readonly BrokenServer[] = [
  {
    flaw: 'answers 404 to other methods on the path of submit',
    answer: (answer, { method, path }) =>
      method === 'PUT' && path === '/_query/async' && refuse(answer, 404, 'not_found', 'no route'),
    caughtBy: ['wire.405.submit'],
  },
  {
    flaw: 'leaves DELETE out of Allow',
    answer: (answer, { method }) => method === 'PUT' && Object.assign(answer.headers, { allow: 'GET,POST' }),
    caughtBy: ['wire.405.submit', 'wire.405.get'],
  },
  {
    flaw: 'decodes nothing in an id but =',
    answer: (answer, { path }) =>
      /^\/_query\/async\/[^?/]*%(?!3D)/.test(path) &&
      refuse(answer, 400, 'illegal_argument_exception', 'invalid id: [%]'),
    caughtBy: ['wire.id.encoded'],
  },
  {
    flaw: 'does not indent',
    request: (request) => {
      request.path = request.path.replace('?pretty', '?').replace(/\?$/, '')
    },
    caughtBy: ['wire.pretty.indents', 'errors.parameter.bad-boolean'],
  },
  {
    flaw: 'ignores filter_path',
    request: (request) => {
      request.path = request.path.replace('?filter_path=is_running', '')
    },
    caughtBy: ['wire.filter-path.fields'],
  },
  {
    flaw: 'has the product header on a 401',
    answer: (answer) =>
      answer.status === 401 && Object.assign(answer.headers, { 'x-elastic-product': 'Elasticsearch' }),
    caughtBy: ['wire.401.refuses', 'document.get.documented'],
  },
  {
    flaw: 'has no challenge on a 401',
    answer: (answer) => answer.status === 401 && delete answer.headers['www-authenticate'],
    caughtBy: ['wire.401.refuses', 'document.get.documented'],
  },
  {
    flaw: 'looks at ids before tokens',
    answer: (answer, request) =>
      answer.status === 401 &&
      isGet(request) &&
      refuse(answer, 400, 'illegal_argument_exception', 'invalid id: [*]'),
    caughtBy: ['wire.401.refuses'],
  },
]

export const brokenWires: readonly BrokenServer[] = [...headers, ...mediaTypes, ...routing]
