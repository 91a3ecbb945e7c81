import type { BrokenServer, ProxiedRequest } from './proxy'
import { inText, isDelete, isGet, isList, isQuery, isStop, isSubmit } from './proxy'

/** Breaks the type of a field that no other check looks at. */
function mistyped(
  operation: string,
  isConcerned: (request: ProxiedRequest) => boolean,
  field: string,
): BrokenServer {
  return {
    flaw: `writes ${field} as text in answers to ${operation}`,
    answer(answer, request) {
      const isJson = answer.headers['content-type'] === 'application/json'
      if (!isConcerned(request) || !isJson || /pretty|filter_path/.test(request.path)) return
      inText((text) => text.replace(new RegExp(`"${field}":(\\w+)`), `"${field}":"$1"`))(answer)
    },
    caughtBy: [`document.${operation}.documented`],
  }
}

export const brokenDocuments: readonly BrokenServer[] = [
  mistyped('submit', isSubmit, 'took'),
  mistyped('get', isGet, 'took'),
  mistyped('stop', isStop, 'took'),
  mistyped('query', isQuery, 'took'),
  mistyped('list', isList, 'running_time_nanos'),
  {
    flaw: 'acknowledges deletes with a header that nobody knows',
    answer: (answer, request) =>
      isDelete(request) && Object.assign(answer.headers, { 'x-elastic-node': 'a' }),
    caughtBy: ['document.delete.documented'],
  },
]
