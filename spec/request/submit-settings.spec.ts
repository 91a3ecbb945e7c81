import type { QueryError } from '../../lib/core/errors'
import { atOnce } from '../../lib/core/turns'
import { parseJson } from '../../lib/json/parse'
import { interpretSubmitBody, validateQuery } from '../../lib/request/submission'
import { readBodyFields } from '../../lib/request/submit-fields'
import { toErrorResponse } from '../../lib/router/error-answer'

const read = (text: string) => interpretSubmitBody(atOnce(readBodyFields(parseJson(text), 'submit')))
const interpret = (fields: object) => read(JSON.stringify({ query: 'x', ...fields }))
const settings = (values: object) => ({ settings: values })

function refusalOf(fields: object): Pick<QueryError, 'type' | 'reason' | 'status'> | undefined {
  try {
    validateQuery(interpret(fields).request)
    return undefined
  } catch (error) {
    return error as QueryError
  }
}

describe('settings', () => {
  it.each([
    ['"nope":1', 'nope', ''],
    ['"unmapped_fields":"LOAD"', 'unmapped_fields', ''],
    ['"time_zon":"UTC"', 'time_zon', ' did you mean [time_zone]?'],
    ['"toString":1', 'toString', ''],
    [`"${'x'.repeat(5_000)}":1`, `${'x'.repeat(1_000)}...`, ''],
  ])('with an unknown name are refused with its position: %.30s', (field, name, hint) => {
    const text = `{"query":"x","settings":{${field}}}`
    let refusal: unknown
    try {
      read(text)
    } catch (error) {
      refusal = toErrorResponse(error).body
    }
    const cause = {
      type: 'x_content_parse_exception',
      reason: `[1:26] [settings] unknown field [${name}]${hint}`,
    }
    expect(refusal).toEqual({
      error: {
        root_cause: [cause],
        type: 'x_content_parse_exception',
        reason: `[1:${text.length - 1}] [esql/async_query] failed to parse field [settings]`,
        caused_by: cause,
      },
      status: 400,
    })
  })

  it.each([
    settings({}),
    settings({ time_zone: null, project_routing: null, approximation: null, column_metadata: null }),
    settings({ time_zone: 'Asia/Tokyo', project_routing: '_alias:_origin', approximation: false }),
    settings({ column_metadata: 'false' }),
    settings({ approximation: { rows: null, confidence_level: null } }),
    settings({ approximation: { rows: 10_000, confidence_level: 0.5 } }),
    settings({ approximation: { rows: 2 ** 31 - 1, confidence_level: 0.95 } }),
    { approximation: null },
  ])('are accepted: %j', (fields) => {
    expect(refusalOf(fields)).toBeUndefined()
  })

  it.each([
    [{ time_zone: 'Mars' }, 'Error validating setting [time_zone]: Invalid time zone [Mars]'],
    [
      { time_zone: 'x'.repeat(2_000) },
      `Error validating setting [time_zone]: Invalid time zone [${'x'.repeat(1_000)}...]`,
    ],
    [{ time_zone: 1 }, 'Setting [time_zone] must be of type KEYWORD'],
    [{ time_zone: ['UTC'] }, 'Setting [time_zone] must be of type KEYWORD'],
    [{ project_routing: {} }, 'Setting [project_routing] must be of type KEYWORD'],
    [{ column_metadata: 1 }, 'Setting [column_metadata] must be of type BOOLEAN'],
    [{ column_metadata: [true] }, 'Setting [column_metadata] must be of type BOOLEAN'],
    [
      { column_metadata: 'TRUE' },
      'Error validating setting [column_metadata]: Failed to parse value [TRUE] as only [true] or [false] are allowed.',
    ],
    [{ time_zone: 1, column_metadata: 1 }, 'Setting [time_zone] must be of type KEYWORD'],
  ])('with a wrong value are refused: %.60j', (values, reason) => {
    expect(refusalOf(settings(values))).toMatchObject({ type: 'verification_exception', status: 400, reason })
  })

  it.each([
    [12, 'Invalid approximation configuration [12]'],
    ['foo', 'Invalid approximation configuration [foo]'],
    [[1, { a: 2 }], 'Invalid approximation configuration [[1, {a=2}]]'],
    [{ foo: 10 }, 'Approximation configuration contains unknown key [foo]'],
    [{ rows: 9_999 }, 'Approximation configuration [rows] must be at least 10000'],
    [{ rows: -1 }, 'Approximation configuration [rows] must be at least 10000'],
    [{ rows: '10000' }, 'Approximation configuration [rows] must be an integer value'],
    [{ rows: 10_000.5 }, 'Approximation configuration [rows] must be an integer value'],
    [{ rows: 2 ** 31 }, 'Approximation configuration [rows] must be an integer value'],
    [{ confidence_level: '0.9' }, 'Approximation configuration [confidence_level] must be a double value'],
    [
      { confidence_level: 0.999 },
      'Approximation configuration [confidence_level] must be between 0.5 and 0.95',
    ],
    [{ confidence_level: 0 }, 'Approximation configuration [confidence_level] must be between 0.5 and 0.95'],
  ])('refuse the approximation %j, at both places', (approximation, detail) => {
    const refusal = {
      type: 'verification_exception',
      status: 400,
      reason: `Error validating setting [approximation]: ${detail}`,
    }
    expect(refusalOf({ approximation })).toMatchObject(refusal)
    expect(refusalOf(settings({ approximation }))).toMatchObject(refusal)
  })

  it.each([
    ['time_zone', 'UTC', 'Z'],
    ['project_routing', 'a', 'b'],
    ['approximation', true, false],
    ['approximation', { rows: 10_000 }, { rows: 20_000 }],
    ['approximation', {}, { confidence_level: null }],
  ])('with two values of %s are refused: %j and %j', (name, one, other) => {
    for (const [outer, inner] of [
      [one, other],
      [other, one],
    ]) {
      expect(refusalOf({ [name]: outer, settings: { [name]: inner } })).toMatchObject({
        type: 'illegal_argument_exception',
        status: 400,
        reason:
          `Setting [${name}] has conflicting values at the top level of the request body and under [settings]; ` +
          'specify it in only one place, or with the same value in both.',
      })
    }
  })

  it.each([
    ['time_zone', 'Asia/Tokyo', 'Asia/Tokyo'],
    ['project_routing', 'a', 'a'],
    ['approximation', false, false],
    ['approximation', true, {}],
    ['approximation', { rows: 10_000 }, { confidence_level: 0.9, rows: 10_000 }],
    ['time_zone', 'Asia/Tokyo', null],
    ['approximation', true, null],
    ['approximation', null, true],
  ])('may have one value of %s twice, and null sets nothing: %j and %j', (name, outer, inner) => {
    expect(refusalOf({ [name]: outer, settings: { [name]: inner } })).toBeUndefined()
  })

  it('are read before the query is missed, and their values after that', () => {
    expect(refusalOf({ query: '', settings: { time_zone: 'Mars' } })).toMatchObject({
      type: 'action_request_validation_exception',
    })
    expect(refusalOf({ query: '', time_zone: 'UTC', settings: { time_zone: 'Mars' } })).toMatchObject({
      type: 'illegal_argument_exception',
    })
  })

  it.each([
    [{}, undefined],
    [settings({ column_metadata: true }), true],
    [settings({ column_metadata: 'true' }), true],
    [settings({ column_metadata: false }), undefined],
    [settings({ column_metadata: 'false' }), undefined],
    [{ approximation: true }, true],
    [{ approximation: {} }, true],
    [{ approximation: false }, undefined],
    [{ approximation: null }, undefined],
    [settings({ approximation: { rows: 10_000 } }), true],
  ])('of %j decide whether the answer shows the metadata of columns', (fields, shown) => {
    expect(interpret(fields).request.columnMetadata).toBe(shown)
  })
})
