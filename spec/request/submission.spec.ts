import { isQueryError } from '../../lib/core/errors'
import { atOnce } from '../../lib/core/turns'
import { parseJson } from '../../lib/json/parse'
import { interpretSubmitBody, validateQuery } from '../../lib/request/submission'
import { readBodyFields } from '../../lib/request/submit-fields'
import { toErrorResponse } from '../../lib/router/error-answer'
import bodyShapes from '../fixtures/body-shapes.json'

const interpret = (body: object) =>
  interpretSubmitBody(atOnce(readBodyFields(parseJson(JSON.stringify(body)), 'submit')))

describe('interpretSubmitBody', () => {
  it('has the defaults of Elasticsearch', () => {
    expect(interpret({})).toEqual({
      request: { query: '' },
      waitForCompletionTimeoutMs: 1_000,
      keepAliveMs: 432_000_000,
      keepOnCompletion: false,
    })
  })

  it('translates every field', () => {
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
        settings: { column_metadata: true },
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
        columnMetadata: true,
        extra: {
          tables: { t: {} },
          pragma: { p: 1 },
          accept_pragma_risks: true,
          settings: { column_metadata: true },
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
    [{ settings: { time_zone: null } }, undefined],
  ])('finds the time zone of %j', (body, zone) => {
    expect(interpret(body).request.timeZone).toBe(zone)
  })
})

describe('validateQuery', () => {
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
  ])('lists every fault of %j', (body, reason) => {
    expect(() => validateQuery(interpret(body).request)).toThrow(
      expect.objectContaining({ type: 'action_request_validation_exception', reason }),
    )
  })

  it.each([
    [true, true],
    [true, false],
    [false, 'true'],
    [false, false],
  ])('refuses both kinds of metadata, also as %j and %j', (ccs, execution) => {
    const body = { query: 'x', include_ccs_metadata: ccs, include_execution_metadata: execution }
    expect(() => validateQuery(interpret(body).request)).toThrow(
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
    [{ query: 'x', include_execution_metadata: false }],
  ])('accepts %j', (body) => {
    expect(() => validateQuery(interpret(body).request)).not.toThrow()
  })
})

describe('a body of half a megabyte', () => {
  const BYTES = 2 ** 19

  // The benchmark `bodies` measures their cost.
  it.each(bodyShapes)(
    'of $name is read, or is refused with a short reason',
    ({ head, unit, separator, tail }) => {
      const units: string[] = []
      for (let size = head.length; size < BYTES; size += (units.at(-1)?.length ?? 0) + separator.length) {
        units.push(unit.replace('#', `${units.length}`))
      }
      const refusal = refusalOf(head + units.join(separator) + tail)
      expect(JSON.stringify(refusal ?? {}).length).toBeLessThan(BYTES / 64)
    },
  )

  function refusalOf(text: string): unknown {
    try {
      validateQuery(interpretSubmitBody(atOnce(readBodyFields(parseJson(text), 'submit'))).request)
      return undefined
    } catch (error) {
      if (!isQueryError(error)) throw error
      return toErrorResponse(error).body
    }
  }
})
