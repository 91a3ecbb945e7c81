import type { Expectation } from '../../lib/catalogue/matching'
import { Matcher, paramsOf, Question } from '../../lib/catalogue/matching'
import { unknownQuery } from '../../lib/catalogue/unknown-query'
import type { QueryRequest } from '../../lib/core/store'

const known = (query: string | RegExp, rest: Partial<Expectation> = {}) =>
  new Matcher({ query, params: [], filter: undefined, ...rest })

const LOGS = known('FROM logs | LIMIT 2')
const ROW = [
  known('ROW x = ?', { params: paramsOf(['a']) }),
  known('ROW x = ?', { params: paramsOf([{ b: 1 }]) }),
]
const FILTERED = known('FROM f', { filter: { term: { a: 1 } } })

describe('the refusal of a query that nobody knows', () => {
  it.each<[string, QueryRequest, readonly Matcher[], string]>([
    [
      'names the closest',
      { query: 'from logz | limit 2' },
      [known('FROM books'), LOGS, known(/^FROM gone/)],
      'the closest of 3 is\n  known: FROM logs|LIMIT 2\n  asked: FROM logz|LIMIT 2',
    ],
    [
      'names one that has little in common',
      { query: 'SHOW INFO' },
      [known(/^FROM gone/)],
      'the closest of 1 is\n  known: /^FROM gone/\n  asked: SHOW INFO',
    ],
    ['names none where there is none', { query: 'SHOW INFO' }, [], 'it knows none'],
    [
      'shows the params of the same text',
      { query: 'row x = ?', params: [{ value: 9007199254740993n }] },
      [LOGS, ...ROW],
      'this text is known with other params: expected ["a"] or [{"b":1}], got [9007199254740993]',
    ],
    [
      'shows that only the place is another',
      { query: 'FROM f', timeZone: 'UTC' },
      [known('FROM f', { timeZone: 'Europe/Berlin' })],
      'this text is known with another locale or time zone',
    ],
    [
      'shows that there are no params',
      { query: 'ROW x = ?' },
      ROW,
      'this text is known with other params: expected ["a"] or [{"b":1}], got []',
    ],
    [
      'shows the filter of the same text',
      { query: 'FROM f' },
      [FILTERED],
      'this text is known with another filter: expected {"term":{"a":1}}, got none',
    ],
    [
      'shows that there is no filter',
      { query: 'FROM logs | LIMIT 2', filter: { exists: {} } },
      [LOGS],
      'this text is known with another filter: expected none, got {"exists":{}}',
    ],
  ])('%s', (_, request, matchers, why) => {
    expect(unknownQuery('the double', matchers, new Question(request))).toMatchObject({
      type: 'verification_exception',
      status: 400,
      reason: `the double does not know this query; ${why}`,
    })
  })

  it('stays short, whatever a client sends', () => {
    const question = new Question({ query: 'x'.repeat(1_000_000) })
    expect(unknownQuery('the double', [LOGS], question).reason.length).toBeLessThan(2_000)
  })
})
