import type { BrokenServer } from './proxy'
import { inText, isBy, isGet, isSubmit, refuse } from './proxy'

/** Refuses as other servers do, where Elasticsearch says more. */
function vague(what: string, reason: string | RegExp, ...caughtBy: string[]): BrokenServer {
  return {
    flaw: `says nothing about ${what}`,
    answer(answer, request) {
      const text = answer.body.toString()
      const isConcerned = typeof reason === 'string' ? text.includes(reason) : reason.test(text)
      if (answer.status === 400 && isConcerned && isBy(request, 'alice'))
        refuse(answer, 400, 'bad_request', 'bad request')
    },
    caughtBy,
  }
}

const vagueness: readonly BrokenServer[] = [
  vague('malformed ids', 'invalid id: [no*id]', 'errors.id.malformed', 'errors.trace.shows'),
  vague('missing bodies', 'source parameter is required', 'errors.body.missing'),
  vague('missing queries', '[query] is required', 'errors.body.no-query'),
  vague(
    'malformed bodies',
    /json_parse_exception.*Unrecognized|Unrecognized.*json_parse_exception/,
    'errors.body.malformed',
  ),
  vague('truncated bodies', 'x_content_e_o_f_exception', 'errors.body.truncated'),
  vague('fields of one name', 'Duplicate field', 'errors.body.twice'),
  vague('wrong types', "doesn't support values of type", 'errors.body.wrong-type'),
  vague('unknown fields', 'unknown field [keep_alve]', 'errors.body.unknown-field'),
  vague('bad times', 'failed to parse field [keep_alive]', 'errors.body.bad-time'),
  vague('bad params', 'both named and unnamed', 'errors.body.bad-params'),
  vague('bodies of gets', 'does not support having a body', 'errors.body.on-get'),
  vague('unknown parameters', '[prety]', 'errors.parameter.unknown'),
  vague(
    'fields in the URL',
    /_query\/async\] contains unrecognized parameter: \[keep_alive\]/,
    'errors.parameter.of-body',
  ),
  vague(
    'parameters of stops',
    /stop\] contains unrecognized parameter: \[keep_alive\]/,
    'errors.parameter.of-stop',
  ),
  vague('bad waits', 'setting [wait_for_completion_timeout]', 'errors.parameter.bad-wait'),
  vague('bad booleans', '[maybe]', 'errors.parameter.bad-boolean'),
  vague('delimiters', 'parameter: [delimiter]', 'errors.parameter.delimiter'),
  vague('unknown formats', 'Invalid request content type', 'errors.format.unknown'),
  vague('malformed media types', 'media_type_header_exception', 'errors.accept.malformed'),
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
