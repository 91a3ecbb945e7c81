import type { BrokenServer } from './proxy'
import { inText, isBy, isGet, isSubmit, refuse } from './proxy'

/** Refuses as other servers do, where Elasticsearch says more. */
function vague(what: string, reasons: Readonly<Record<string, string | RegExp>>): BrokenServer {
  return {
    flaw: `says nothing about ${what}`,
    answer(answer, request) {
      const text = answer.body.toString()
      const isConcerned = Object.values(reasons).some((reason) => new RegExp(reason).test(text))
      if (answer.status === 400 && isConcerned && isBy(request, 'alice')) {
        refuse(answer, 400, 'bad_request', 'bad request')
      }
    },
    caughtBy: Object.keys(reasons),
  }
}

const vagueness: readonly BrokenServer[] = [
  vague('ids', {
    'errors.id.malformed': /invalid id: \[no\*id\]/,
    'errors.trace.shows': /no\*id.*stack_trace/,
  }),
  vague('malformed bodies', {
    'errors.body.missing': /source parameter is required/,
    'errors.body.malformed': /json_parse_exception.*Unrecognized|Unrecognized.*json_parse_exception/,
    'errors.body.truncated': /x_content_e_o_f_exception/,
    'errors.body.twice': /Duplicate field/,
  }),
  vague('fields of bodies', {
    'errors.body.no-query': /\[query\] is required/,
    'errors.body.wrong-type': /doesn't support values of type/,
    'errors.body.unknown-field': /unknown field \[keep_alve\]/,
    'errors.body.bad-time': /failed to parse field \[keep_alive\]/,
    'errors.body.bad-params': /both named and unnamed/,
  }),
  vague('bodies of gets', { 'errors.body.on-get': /does not support having a body/ }),
  vague('names of parameters', {
    'errors.parameter.unknown': /\[prety\]/,
    'errors.parameter.of-body': /_query\/async\] contains unrecognized parameter: \[keep_alive\]/,
    'errors.parameter.of-stop': /stop\] contains unrecognized parameter: \[keep_alive\]/,
  }),
  vague('values of parameters', {
    'errors.parameter.bad-wait': /setting \[wait_for_completion_timeout\]/,
    'errors.parameter.bad-boolean': /\[maybe\]/,
    'errors.parameter.delimiter': /parameter: \[delimiter\]/,
  }),
  vague('formats', {
    'errors.format.unknown': /Invalid request content type/,
    'errors.accept.malformed': /media_type_header_exception/,
  }),
]

const others: readonly BrokenServer[] = [
  {
    flaw: 'does not suggest parameters',
    answer: inText((text) => text.replaceAll(/ -> did you mean \[pretty\]\?/g, '')),
    caughtBy: ['errors.parameter.unknown'],
  },
  {
    flaw: 'does not suggest fields',
    answer: inText((text) => text.replaceAll(/ did you mean \[keep_alive\]\?/g, '')),
    caughtBy: ['errors.body.unknown-field'],
  },
  {
    flaw: 'gives its own reason for unknown ids',
    answer(answer, request) {
      const isUnknown = answer.status === 404 && isGet(request) && isBy(request, 'alice')
      if (isUnknown) refuse(answer, 404, 'resource_not_found_exception', 'no such query')
    },
    caughtBy: ['errors.id.unknown'],
  },
  {
    flaw: 'has no root causes',
    answer(answer, request) {
      if (isGet(request) && answer.status === 400)
        inText((text) => text.replace('root_cause', 'causes'))(answer)
    },
    caughtBy: ['errors.envelope.whole', 'document.get.documented'],
  },
  {
    flaw: 'writes errors as text for CSV',
    answer: (answer, { path }) =>
      answer.status === 400 &&
      path.endsWith('?format=csv') &&
      Object.assign(answer.headers, { 'content-type': 'text/plain' }),
    caughtBy: ['errors.format.json', 'document.get.documented', 'document.submit.documented'],
  },
  {
    flaw: 'shows no stack traces',
    request(request) {
      request.path = request.path.replace('?error_trace=true', '')
    },
    caughtBy: ['errors.trace.shows'],
  },
  {
    flaw: 'runs a submit with an unknown parameter',
    request(request) {
      if (isSubmit(request)) request.path = request.path.replace('?keep_alive=1d', '')
    },
    caughtBy: ['errors.parameter.of-body'],
  },
]

export const brokenErrors: readonly BrokenServer[] = [...vagueness, ...others]
