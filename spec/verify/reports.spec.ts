import type { Check } from '../../lib/verify/check'
import type { Report } from '../../lib/verify/reports'
import { countsOf, REPORTS } from '../../lib/verify/reports'
import type { Result } from '../../lib/verify/verify'

function check(name: string, level: Check['level'] = 'must'): Check {
  return { name, level, says: 'it <holds>', source: { page: 'get', line: 'a line' }, ask: async () => {} }
}

const failure = { reason: 'it is "no" &\u0000', curl: "curl 'http://x'", got: '400 "{}"' }
const results: readonly Result[] = [
  { check: check('wire.a.b'), ms: 5, outcome: 'passed' },
  { check: check('wire.c.d'), ms: 0, outcome: 'skipped', reason: 'no token' },
  { check: check('life.e.f'), ms: 1_234, outcome: 'failed', ...failure },
  { check: check('life.g.h', 'should'), ms: 0, outcome: 'failed', reason: 'it is not' },
]

function written(report: Report): string {
  const lines = results.map((result) => report.line?.(result) ?? '')
  return lines.join('') + report.end({ results, leftBehind: ['id-1'] })
}

describe('a report', () => {
  it('in text has a line for each check, what a failure says, and the counts', () => {
    expect(written(REPORTS.text)).toBe(
      [
        '✓ wire.a.b',
        '- wire.c.d (skipped: no token)',
        '✗ life.e.f (must)',
        '    it <holds>',
        '    but it is "no" &\u0000',
        "    asked: curl 'http://x'",
        '    got: 400 "{}"',
        '✗ life.g.h (should)',
        '    it <holds>',
        '    but it is not',
        '',
        '1 passed, 1 failed, 1 of "should" failed, 1 skipped',
        'left behind, because its delete failed: id-1',
        '',
      ].join('\n'),
    )
  })

  it('in TAP has a directive for what is skipped, and for what only should hold', () => {
    expect(written(REPORTS.tap)).toBe(
      [
        'TAP version 14',
        '1..4',
        'ok 1 - wire.a.b',
        'ok 2 - wire.c.d # SKIP no token',
        'not ok 3 - life.e.f',
        '# it <holds>',
        '# but it is "no" &\u0000',
        "# asked: curl 'http://x'",
        '# got: 400 "{}"',
        'not ok 4 - life.g.h # TODO should',
        '# it <holds>',
        '# but it is not',
        '',
      ].join('\n'),
    )
  })

  it('for JUnit is XML in which only what must hold is a failure', () => {
    const details = 'it &lt;holds&gt;&#10;but it is &quot;no&quot; &amp;\ufffd'
    expect(written(REPORTS.junit)).toBe(
      [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<testsuite name="esql-async-api" tests="4" failures="1" errors="0" skipped="2">',
        '  <testcase classname="wire" name="a.b" time="0.005"/>',
        '  <testcase classname="wire" name="c.d" time="0.000">',
        '    <skipped message="no token"></skipped>',
        '  </testcase>',
        '  <testcase classname="life" name="e.f" time="1.234">',
        `    <failure message="it is &quot;no&quot; &amp;\ufffd">${details}&#10;asked: curl 'http://x'&#10;got: 400 &quot;{}&quot;</failure>`,
        '  </testcase>',
        '  <testcase classname="life" name="g.h" time="0.000">',
        '    <skipped message="it is not">it &lt;holds&gt;&#10;but it is not</skipped>',
        '  </testcase>',
        '</testsuite>',
        '',
      ].join('\n'),
    )
  })

  it('in JSON has all of it, with the sources', () => {
    const common = { says: 'it <holds>', source: { page: 'get', line: 'a line' } }
    expect(JSON.parse(written(REPORTS.json))).toEqual({
      ...{ passed: 1, failed: 1, failed_should: 1, skipped: 1, left_behind: ['id-1'] },
      checks: [
        { name: 'wire.a.b', level: 'must', ...common, ms: 5, outcome: 'passed' },
        { name: 'wire.c.d', level: 'must', ...common, ms: 0, outcome: 'skipped', reason: 'no token' },
        { name: 'life.e.f', level: 'must', ...common, ms: 1_234, outcome: 'failed', ...failure },
        { name: 'life.g.h', level: 'should', ...common, ms: 0, outcome: 'failed', reason: 'it is not' },
      ],
    })
  })

  it('counts levels apart', () => {
    expect(countsOf(results)).toEqual({ passed: 1, skipped: 1, mustFailed: 1, shouldFailed: 1 })
  })
})
