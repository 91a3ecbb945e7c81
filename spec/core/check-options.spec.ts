import type { OptionTable } from '../../lib/core/check-options'
import { checkOption, checkOptions, rules } from '../../lib/core/check-options'

interface StoreOptions {
  execute: () => void
  maxQueries?: number
  graceMs?: number
  strict?: boolean
  clock?: object
  key?: string
}

const OPTIONS = {
  execute: { ...rules.function, required: true },
  maxQueries: { ...rules.positiveNumber, default: 5 },
  graceMs: rules.nonNegativeNumber,
  strict: { ...rules.boolean, default: true },
  clock: rules.object,
  key: {
    expected: 'a key of 32 bytes',
    fits: (value) => String(value).length === 32,
    printable: false,
  },
} as const satisfies OptionTable<StoreOptions>

const execute = (): void => {}

/** What a user without types may pass. */
function check(options: unknown) {
  return checkOptions('Store', options as StoreOptions, OPTIONS)
}

describe('checkOptions', () => {
  it('returns the given options in a new object', () => {
    const all = { execute, maxQueries: 0.5, graceMs: 0, strict: false, clock: {}, key: 'k'.repeat(32) }
    const completed = check(all)
    expect(completed).toEqual(all)
    expect(completed).not.toBe(all)
    expect(Object.isFrozen(completed)).toBe(true)
    expect(check({ execute, maxQueries: Number.POSITIVE_INFINITY }).maxQueries).toBe(Number.POSITIVE_INFINITY)
  })

  it('fills in the defaults of options that are missing or undefined', () => {
    const completed = { execute, maxQueries: 5, strict: true }
    expect(check({ execute })).toEqual(completed)
    expect(check({ execute, maxQueries: undefined, graceMs: undefined })).toEqual(completed)
  })

  it('takes only a table that has a row for each option and marks the required options', () => {
    const { clock: _, ...withoutClock } = OPTIONS
    // @ts-expect-error an option is forgotten
    const forgotten: OptionTable<StoreOptions> = withoutClock
    // @ts-expect-error an option has to be given
    const unmarked: OptionTable<StoreOptions> = { ...OPTIONS, execute: rules.function }
    // @ts-expect-error a default has another type than its option
    const wrong: OptionTable<StoreOptions> = { ...OPTIONS, strict: { ...rules.boolean, default: 'yes' } }
    expect([forgotten, unmarked, wrong]).toHaveLength(3)
  })

  it.each([
    [undefined, 'Store expects an object of options, got undefined'],
    [null, 'Store expects an object of options, got null'],
    ['x', 'Store expects an object of options, got `x` (string)'],
    [execute, 'Store expects an object of options, got a value of type function'],
    [{}, 'Store needs the option `execute`: a function'],
    [{ execute: undefined }, 'Store needs the option `execute`: a function'],
    [{ execute: null }, 'Store expects `execute` to be a function, got null'],
    [{ execute: {} }, 'Store expects `execute` to be a function, got a value of type object'],
    [{ execute, maxQueries: 0 }, 'Store expects `maxQueries` to be a number > 0, got `0` (number)'],
    [
      { execute, maxQueries: Number.NaN },
      'Store expects `maxQueries` to be a number > 0, got `NaN` (number)',
    ],
    [{ execute, maxQueries: '5' }, 'Store expects `maxQueries` to be a number > 0, got `5` (string)'],
    [{ execute, graceMs: -1 }, 'Store expects `graceMs` to be a number >= 0, got `-1` (number)'],
    [{ execute, graceMs: 5n }, 'Store expects `graceMs` to be a number >= 0, got `5` (bigint)'],
    [{ execute, strict: 'yes' }, 'Store expects `strict` to be a boolean, got `yes` (string)'],
    [{ execute, strict: Symbol('s') }, 'Store expects `strict` to be a boolean, got `Symbol(s)` (symbol)'],
    [{ execute, clock: null }, 'Store expects `clock` to be an object, got null'],
    [{ execute, key: 'secret' }, 'Store expects `key` to be a key of 32 bytes'],
    [{ execute, maxQuerys: 5 }, 'Store does not know the option `maxQuerys`; did you mean `maxQueries`?'],
    [
      { execute, colour: 5 },
      'Store does not know the option `colour`; known are: execute, maxQueries, graceMs, strict, clock, key',
    ],
    [
      { execute, toString: 5 },
      'Store does not know the option `toString`; known are: execute, maxQueries, graceMs, strict, clock, key',
    ],
  ])('refuses %p', (options, message) => {
    expect(() => check(options)).toThrow(new TypeError(message))
  })
})

describe('checkOption', () => {
  it('checks one value under a given name', () => {
    const rule = { ...rules.boolean, required: true }
    expect(() => checkOption('Store', 'flags[1]', true, rule)).not.toThrow()
    expect(() => checkOption('Store', 'flags[1]', 'yes', rule)).toThrow(
      new TypeError('Store expects `flags[1]` to be a boolean, got `yes` (string)'),
    )
    expect(() => checkOption('Store', 'flags[1]', undefined, rule)).toThrow(
      new TypeError('Store needs the option `flags[1]`: a boolean'),
    )
  })
})
