import { checkOptions, rules } from '../../lib/core/check-options'

const OPTIONS = {
  execute: { ...rules.function, required: true },
  maxQueries: rules.positiveNumber,
  graceMs: rules.nonNegativeNumber,
  strict: rules.boolean,
  clock: rules.object,
  key: {
    expected: 'a key of 32 bytes',
    fits: (value: unknown) => String(value).length === 32,
    printable: false,
  },
}

const execute = (): void => {}

describe('checkOptions', () => {
  it('accepts options that fit, and undefined for those that are left out', () => {
    const all = { execute, maxQueries: 0.5, graceMs: 0, strict: false, clock: {}, key: 'k'.repeat(32) }
    expect(() => checkOptions('Store', all, OPTIONS)).not.toThrow()
    expect(() => checkOptions('Store', { execute, maxQueries: undefined }, OPTIONS)).not.toThrow()
    expect(() =>
      checkOptions('Store', { execute, maxQueries: Number.POSITIVE_INFINITY }, OPTIONS),
    ).not.toThrow()
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
    expect(() => checkOptions('Store', options, OPTIONS)).toThrow(new TypeError(message))
  })
})
