import { QueryError } from '../../lib/core/errors'
import { parseTimeValue, timeText } from '../../lib/core/time-value'

/** What `parseTimeValue` refuses a text with. */
function refusal(text: string): unknown {
  try {
    return { value: parseTimeValue('keep_alive', text) }
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    const { type, status, reason, causedBy } = error
    return { type, status, reason, causedBy }
  }
}

function illegalArgument(reason: string, causedBy?: string): unknown {
  return {
    type: 'illegal_argument_exception',
    status: 400,
    reason,
    causedBy: causedBy === undefined ? undefined : { type: 'number_format_exception', reason: causedBy },
  }
}

describe('parseTimeValue', () => {
  it.each([
    ['5d', 432_000_000],
    ['2h', 7_200_000],
    ['10m', 600_000],
    ['1s', 1_000],
    ['1500ms', 1_500],
    ['2500micros', 2],
    ['3000000nanos', 3],
    ['1nanos', 0],
    ['999micros', 0],
    ['5S', 5_000],
    ['5D', 432_000_000],
    ['5H', 18_000_000],
    ['5MS', 5],
    ['5Micros', 0],
    [' 5s ', 5_000],
    ['5 s', 5_000],
    [' 5m', 300_000],
    ['+5s', 5_000],
    ['005s', 5_000],
    ['0', 0],
    ['00', 0],
    [' 0 ', 0],
    ['0s', 0],
    ['-0s', 0],
    ['-1', -1],
    ['-01', -1],
    ['-1ms', -1],
    ['-1s', -1_000],
    ['-1nanos', 0],
    ['52124995d', 52_124_995 * 86_400_000],
    ['106751991167d', 2 ** 52],
    ['9223372036854775807d', 2 ** 52],
  ])('reads %j as %d ms', (text, ms) => {
    expect(parseTimeValue('keep_alive', text)).toBe(ms)
  })

  it.each(['5', '5x', '', ' ', '5M', '5m ', '-', '-2', '1.5', 'abc', '5w', '5y', '+0', '-0'])(
    'refuses %j, which has no unit',
    (text) => {
      expect(refusal(text)).toEqual(
        illegalArgument(
          `failed to parse setting [keep_alive] with value [${text}] as a time value: unit is missing or unrecognized`,
        ),
      )
    },
  )

  it.each(['-2s', '-5ms', '-100d', '-9223372036854775808s', ' -2S '])(
    'refuses %j, which is negative',
    (text) => {
      expect(refusal(text)).toEqual(
        illegalArgument(
          `failed to parse setting [keep_alive] with value [${text}] as a time value: negative durations are not supported`,
        ),
      )
    },
  )

  it.each([
    ['1.5s', '1.5'],
    ['.5d', '.5'],
    ['-1.5h', '-1.5'],
    ['1e3ms', '1e3'],
    ['9223372036854775808s', '9223372036854775808'],
    ['-9223372036854775809s', '-9223372036854775809'],
  ])('refuses %j, which is no whole number', (text, digits) => {
    expect(refusal(text)).toEqual(
      illegalArgument(
        `failed to parse [${text}], fractional time values are not supported`,
        `For input string: "${digits}"`,
      ),
    )
  })

  it.each([
    ['xs', 'x'],
    ['s', ''],
    ['ms', ''],
    ['nanos', ''],
    ['--1s', '--1'],
    ['1,5s', '1,5'],
    ['5 5s', '5 5'],
    ['XD', 'x'],
    ['0x10s', '0x10'],
    ['nanh', 'nan'],
  ])('refuses %j, which is no number', (text, digits) => {
    expect(refusal(text)).toEqual(
      illegalArgument(`failed to parse [${text}]`, `For input string: "${digits}"`),
    )
  })
})

describe('timeText', () => {
  it.each([
    [1, '1ms'],
    [0.5, '1ms'],
    [60_000, '60000ms'],
    [0, '0'],
    [-1, '0'],
    [Number.POSITIVE_INFINITY, '9007199254740991ms'],
  ])('writes %d as %s, and reads it back as the same time', (ms, text) => {
    expect(timeText(ms)).toBe(text)
    expect(parseTimeValue('keep_alive', text)).toBe(Math.min(Math.max(0, Math.ceil(ms)), 2 ** 52))
  })
})
