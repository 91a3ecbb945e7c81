import { isQueryError, toErrorResponse } from '../../lib/errors'
import { readBodyFields } from '../../lib/request/body-fields'
import { parseJson } from '../../lib/request/json-body'
import { interpretSubmitBody, validateSubmission } from '../../lib/request/submit-body'

const interpret = (body: object) => interpretSubmitBody(readBodyFields(parseJson(JSON.stringify(body))))

describe('interpretSubmitBody', () => {
  it('has the defaults of Elasticsearch', () => {
    expect(interpret({})).toEqual({
      request: { query: '' },
      waitForCompletionTimeoutMs: 1_000,
      keepAliveMs: 432_000_000,
      keepOnCompletion: false,
    })
  })

  it('takes every field over', () => {
    expect(
      interpret({
        query: 'FROM a',
        columnar: true,
        filter: { term: { a: 1 } },
        params: [1],
        locale: 'de',
        time_zone: 'UTC',
        profile: 'true',
        include_ccs_metadata: false,
        include_execution_metadata: true,
        tables: { t: {} },
        pragma: { p: 1 },
        accept_pragma_risks: true,
        settings: { unmapped_fields: 'LOAD' },
        project_routing: 'r',
        approximation: { rows: 1 },
        wait_for_completion_timeout: '2s',
        keep_alive: '1d',
        keep_on_completion: true,
      }),
    ).toEqual({
      request: {
        query: 'FROM a',
        columnar: true,
        filter: { term: { a: 1 } },
        params: [{ value: 1 }],
        locale: 'de',
        timeZone: 'UTC',
        profile: true,
        includeCcsMetadata: false,
        includeExecutionMetadata: true,
        extra: {
          tables: { t: {} },
          pragma: { p: 1 },
          accept_pragma_risks: true,
          settings: { unmapped_fields: 'LOAD' },
          project_routing: 'r',
          approximation: { rows: 1 },
        },
      },
      waitForCompletionTimeoutMs: 2_000,
      keepAliveMs: 86_400_000,
      keepOnCompletion: true,
    })
  })

  it.each([
    [{ time_zone: '+01:00' }, '+01:00'],
    [{ settings: { time_zone: 'Asia/Tokyo' } }, 'Asia/Tokyo'],
    [{ time_zone: 'UTC', settings: { time_zone: 'UTC' } }, 'UTC'],
    [{ time_zone: 'UTC', settings: {} }, 'UTC'],
    [{ settings: {} }, undefined],
  ])('finds the zone of %j', (body, zone) => {
    expect(interpret(body).request.timeZone).toBe(zone)
  })

  it('refuses two zones', () => {
    expect(() => interpret({ time_zone: 'UTC', settings: { time_zone: 'Z' } })).toThrow(
      expect.objectContaining({
        type: 'illegal_argument_exception',
        reason:
          'Setting [time_zone] has conflicting values at the top level of the request body and under [settings]; ' +
          'specify it in only one place, or with the same value in both.',
      }),
    )
  })

  it.each([
    ['Mars', 'Mars'],
    [1, '1'],
    [null, 'null'],
    [[1, 'a'], '[1, a]'],
    [{ toString: 1, b: { c: [] } }, '{toString=1, b={c=[]}}'],
    ['x'.repeat(2_000), `${'x'.repeat(1_000)}...`],
  ])('refuses a zone among the settings that is none (%#)', (zone, shown) => {
    expect(() => interpret({ settings: { time_zone: zone } })).toThrow(
      expect.objectContaining({
        type: 'illegal_argument_exception',
        reason: `Setting [time_zone] has the invalid value [${shown}]`,
      }),
    )
  })
})

describe('validateSubmission', () => {
  it.each([
    [{}, 'Validation Failed: 1: [query] is required;'],
    [{ query: ' \n' }, 'Validation Failed: 1: [query] is required;'],
    [{ query: 'x', pragma: {} }, 'Validation Failed: 1: [pragma] only allowed in snapshot builds;'],
    [
      { query: 'x', pragma: {}, accept_pragma_risks: false },
      'Validation Failed: 1: [pragma] only allowed in snapshot builds;',
    ],
    [{ query: 'x', tables: {} }, 'Validation Failed: 1: [tables] only allowed in snapshot builds;'],
    [
      { pragma: {}, tables: {}, include_ccs_metadata: true, include_execution_metadata: true },
      'Validation Failed: 1: [query] is required; 2: [pragma] only allowed in snapshot builds; ' +
        '3: [tables] only allowed in snapshot builds;',
    ],
  ])('lists what is wrong with %j', (body, reason) => {
    expect(() => validateSubmission(interpret(body))).toThrow(
      expect.objectContaining({ type: 'action_request_validation_exception', reason }),
    )
  })

  it('refuses both kinds of metadata', () => {
    const body = { query: 'x', include_ccs_metadata: true, include_execution_metadata: true }
    expect(() => validateSubmission(interpret(body))).toThrow(
      expect.objectContaining({
        type: 'verification_exception',
        reason:
          'Both [include_execution_metadata] and [include_ccs_metadata] query parameters are set. Use only one',
      }),
    )
  })

  it.each([
    [{ query: 'x' }],
    [{ query: 'x', pragma: {}, accept_pragma_risks: true }],
    [{ query: 'x', include_ccs_metadata: true }],
    [{ query: 'x', include_ccs_metadata: true, include_execution_metadata: false }],
  ])('has nothing against %j', (body) => {
    expect(() => validateSubmission(interpret(body))).not.toThrow()
  })
})

describe('a body of a megabyte', () => {
  const MEGABYTE = 2 ** 20

  /** A text of about `length` characters: as many units as fit in between. */
  type Shape = (length: number) => string
  const list =
    (head: string, unit: (index: number) => string, tail: string, separator = ','): Shape =>
    (length) => {
      const units: string[] = []
      for (let size = head.length; size < length; size += (units.at(-1)?.length ?? 0) + separator.length) {
        units.push(unit(units.length))
      }
      return head + units.join(separator) + tail
    }
  const long =
    (head: string, unit: string, tail: string): Shape =>
    (length) =>
      head + unit.repeat(length / unit.length) + tail
  const PARAMS = '{"query":"x","params":['

  /** Milliseconds of the processor, and the size of the answer to a refusal. */
  function read(text: string): { cost: number; size: number } {
    const start = process.cpuUsage()
    let size = 0
    try {
      validateSubmission(interpretSubmitBody(readBodyFields(parseJson(text))))
    } catch (error) {
      if (!isQueryError(error)) throw error
      size = JSON.stringify(toErrorResponse(error).body).length
    }
    const { user, system } = process.cpuUsage(start)
    return { cost: (user + system) / 1_000, size }
  }

  it.each<[string, Shape]>([
    ['numbers', list(PARAMS, () => '1', ']}')],
    ['texts', list(PARAMS, () => '""', ']}')],
    ['named parameters', list(PARAMS, (index) => `{"a${index}":1}`, ']}')],
    ['kinds', list(PARAMS, () => '{"a":{"value":[1]}}', ']}')],
    ['bad names', list(PARAMS, () => '{"1":1}', ']}')],
    ['empty objects', list(PARAMS, () => '{}', ']}')],
    ['nested lists', list(PARAMS, () => '[[]]', ']}')],
    ['empty lists', list(PARAMS, () => '{"a":[]}', ']}')],
    ['mixed parameters', list(`${PARAMS}1,`, () => '{"a":1}', ']}')],
    ['one wide parameter', list(`${PARAMS}{`, (index) => `"k${index}":1`, '}]}')],
    ['deep lists', list(PARAMS, () => '['.repeat(900) + ']'.repeat(900), ']}')],
    ['deep objects', list('{"approximation":[', () => `${'{"a":'.repeat(900)}1${'}'.repeat(900)}`, ']}')],
    ['unknown fields', list('{', (index) => `"k${index}":1`, '}')],
    ['a wide filter', list('{"query":"x","filter":{', (index) => `"k${index}":1`, '}}')],
    ['digits', long('{"query":', '9', '}')],
    ['longest numbers', list(PARAMS, () => '9'.repeat(1_000), ']}')],
    ['a long name', long('{"', 'n', '":1}')],
    ['a long parameter name', long(`${PARAMS}{"1`, 'n', '":1}]}')],
    ['a long name twice', (length) => `{"${'n'.repeat(length / 2)}":"","${'n'.repeat(length / 2)}":""}`],
    ['a long time', long('{"keep_alive":"', '0', 'x"}')],
    ['a long flag', long('{"columnar":"', '\\u0001', '"}')],
    ['a long zone', long('{"time_zone":"', 'z', '"}')],
    ['a wide zone', list('{"settings":{"time_zone":[', () => '[1]', ']}}')],
    ['blanks', long('{', ' ', '"query":"x"}')],
    ['lines', long('{', ' \n', '"qery":"x"}')],
    [
      'lines before bad names',
      (length) => list(`{${'\n'.repeat(length / 2)}"params":[`, () => '{"1":1}', ']}')(length),
    ],
    ['comments', long('{', '/**/', '"query":"x"}')],
    ['an open comment', long('{/*', '*', '')],
    ['escapes', long('{"query":"', '\\n', '"}')],
    ['a bad escape at the end', long('{"query":"', '\\n', '\\x"}')],
    ['an open text', long('{"query":"', 'x', '')],
    ['a long word', long('{"query":', 'x', '}')],
  ])('of %s takes time by its length, and its refusal is short', (_name, shape) => {
    const part = shape(MEGABYTE / 16)
    const whole = shape(MEGABYTE)
    const { cost, size } = read(whole)
    expect(size).toBeLessThan(16 * 1_024)
    // Sixteen times as long takes about sixteen times as long; were it quadratic, it would be 256 times. The garbage
    // collector gets in between, so a second run may make up for the first.
    const limit = 80 * Math.max(1, ...[1, 2, 3].map(() => read(part).cost))
    expect(cost < limit ? cost : read(whole).cost).toBeLessThan(limit)
  })
})
