import { readFileSync, writeFileSync } from 'node:fs'
import { STEPS } from '../../lib/commands/tour/steps'
import { OPERATIONS } from '../../lib/core/operations'
import { targetOf } from '../../lib/request/routes'
import { processesOfTests } from '../support/server-process'

const { start, fileOf } = processesOfTests({ changesFiles: true })

/** Each step as it is printed: what it says, its request, and its answer. */
function stepsOf(printed: string) {
  const [, ...steps] = printed.split(/\n(?=\d+\. )/)
  return steps.map((step) => {
    const [says = '', curl = '', status = '', ...answer] = step.split('\n')
    return { says, curl, status, answer: answer.join('\n') }
  })
}

describe('the tour', () => {
  it('plays every step with a gateway of its own, whatever the environment says', async () => {
    const tour = start(
      {
        ESQL_ASYNC_PORT: '80a',
        ESQL_ASYNC_JWT_KEY: 'half of a check',
        ELASTICSEARCH_URL: 'http://127.0.0.1:9',
      },
      ['--tour'],
    )
    expect([await tour.exited, tour.stderr]).toEqual([0, ''])
    const steps = stepsOf(tour.stdout)
    expect(steps.map(({ says }) => says)).toEqual(STEPS.map(({ says }, index) => `${index + 1}. ${says}`))
    expect(steps.map(({ status }) => Number.parseInt(status, 10))).toEqual(
      STEPS.map(({ expects }) => expects.status),
    )
    expect(steps.map(({ curl }) => curl)).toEqual(
      STEPS.map(({ as, path }) => expect.stringContaining(`-H "$${as.toUpperCase()}" "$URL${path}"`)),
    )
    expect(steps.map(({ answer }) => answer.trim()).filter((answer) => answer === '')).toEqual([])
    // Not even where colours are forced: nobody reads it on a terminal.
    expect(tour.stdout).not.toContain('\u001b')
    expect(tour.stdout).not.toMatch(/Bearer|eyJ/)
  })

  it('asks for every operation', () => {
    const asked = STEPS.map(
      ({ method, path }) => `${method} ${path.replace(/\?.*/, '').replace('$ID', 'id')}`,
    )
    const all = OPERATIONS.map((operation) => targetOf(operation, 'id'))
    const missing = all.map(({ method, path }) => `${method} ${path}`).filter((line) => !asked.includes(line))
    expect(missing).toEqual([])
  })

  it.each<[string, (queries: string) => string, RegExp]>([
    [
      'a query is not there',
      (text) => text.replace('"FROM slow"', '"FROM other"'),
      /the tour ends at step 1: the answer should be 200, and is 400 Bad Request: .*does not know this query/,
    ],
    [
      'a query does not take its time',
      (text) => text.replace(/("query": "FROM slow",[^}]*?"delay": )"[^"]*"/s, '$1"1ms"'),
      /the tour ends at step [12]: the answer should show "is_running":true, and is /,
    ],
    ['the queries cannot be read', () => '{', /sample-queries\.json/],
  ])('ends with 1 and says where and why, if %s', async (_, change, message) => {
    const file = fileOf('sample-queries.json')
    const text = readFileSync(file, 'utf8')
    expect(change(text)).not.toBe(text)
    writeFileSync(file, change(text))
    try {
      const tour = start({}, ['--tour'])
      expect(await tour.exited).toBe(1)
      expect(tour.stderr).toMatch(message)
      expect(
        tour.stderr.split('\n').filter((line) => line.startsWith('express-esql-async-query:')),
      ).toHaveLength(1)
    } finally {
      writeFileSync(file, text)
    }
  })

  it('ends with 2 for a flag that it does not have, and shows its help', async () => {
    const [wrong, help] = [start({}, ['--tour', '--port', '1']), start({}, ['--tour', '--help'])]
    expect([await wrong.exited, wrong.stderr]).toEqual([
      2,
      'express-esql-async-query: the flag --port is not known; see --help\n',
    ])
    expect([await help.exited, help.stdout.split('\n')[0]]).toEqual([
      0,
      'Usage: express-esql-async-query --tour',
    ])
  })
})
