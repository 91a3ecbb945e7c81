import type { AsyncQueryStore } from '../../lib/core/store'
import { readIdempotencyKey } from '../../lib/request/idempotency-key'

const STORE: AsyncQueryStore = { get: async () => undefined, idempotentSubmit: true }

const keyOf = (...values: string[]) => readIdempotencyKey(values, 'submit', STORE)

describe('readIdempotencyKey', () => {
  it('finds none without the header', () => {
    expect(keyOf()).toBeUndefined()
    expect(readIdempotencyKey([], 'query', { get: STORE.get })).toBeUndefined()
  })

  it.each([
    ['"8e03978e-40d5"', '8e03978e-40d5'],
    ['8e03978e-40d5', '8e03978e-40d5'],
    ['user:42/a+b=', 'user:42/a+b='],
    ["!#$%&'()*+-./<=>?@[]^_`{|}~", "!#$%&'()*+-./<=>?@[]^_`{|}~"],
    ['"a, b; c"', 'a, b; c'],
    ['"\\"a\\\\b\\""', '"a\\b"'],
    ['" "', ' '],
    [' \t"a"\t ', 'a'],
    [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
    ['a'.repeat(255), 'a'.repeat(255)],
  ])('reads %s', (value, key) => {
    expect(keyOf(value)).toBe(key)
  })

  it.each([
    ['nothing', ''],
    ['blanks', ' \t '],
    ['an empty text', '""'],
    ['256 characters', 'a'.repeat(256)],
    ['256 characters in quotes', `"${'a'.repeat(256)}"`],
    ['one quote', '"'],
    ['no final quote', '"a'],
    ['no first quote', 'a"'],
    ['a quote within', '"a"b"'],
    ['an escape of another character', '"a\\b"'],
    ['an escape at the end', '"a\\"'],
    ['a parameter', '"a";b=1'],
    ['a list', '"a", "b"'],
    ['a list of tokens', 'a,b'],
    ['a blank', 'a b'],
    ['a backslash', 'a\\b'],
    ['a letter beyond ASCII', 'ä'],
    ['such a letter in quotes', '"ä"'],
    ['a control character', '"a\u0001"'],
    ['a line break', '"a\n"'],
    ['DEL', 'a\u007f'],
  ])('refuses %s', (_, value) => {
    const shown = value.length > 1_000 ? `${value.slice(0, 1_000)}...` : value
    expect(() => keyOf(value)).toThrow(
      expect.objectContaining({
        type: 'illegal_argument_exception',
        status: 400,
        reason:
          `invalid [Idempotency-Key] header [${shown}]: it must be 1 to 255 printable ASCII characters, ` +
          'in double quotes if there are blanks, commas, semicolons, quotes or backslashes among them',
      }),
    )
  })

  it('repeats only the beginning of a long header', () => {
    expect(() => keyOf('a'.repeat(9_000))).toThrow(`[${'a'.repeat(1_000)}...]`)
  })

  it('refuses two headers, even with the same key', () => {
    expect(() => keyOf('a', 'a')).toThrow(
      expect.objectContaining({
        type: 'illegal_argument_exception',
        reason: 'multiple [Idempotency-Key] headers are not allowed',
      }),
    )
  })

  const unsupported =
    'the store of this server does not support [Idempotency-Key]; send the request without it, ' +
    'and keep in mind that a request that is sent twice starts two queries'

  it.each<[string, 'submit' | 'query', object, string]>([
    ['a store that does not say so', 'submit', { idempotentSubmit: undefined }, unsupported],
    ['a store that says no', 'submit', { idempotentSubmit: false }, unsupported],
    ['a store that passes through', 'submit', { passThrough: {} }, unsupported],
    [
      'a synchronous query',
      'query',
      {},
      '[Idempotency-Key] needs a query that is kept, and a synchronous one is not; submit it to [/_query/async]',
    ],
  ])('refuses it for %s, whatever it is', (_, operation, changes, reason) => {
    for (const value of ['a', '']) {
      expect(() => readIdempotencyKey([value], operation, { ...STORE, ...changes })).toThrow(
        expect.objectContaining({ type: 'illegal_argument_exception', status: 400, reason }),
      )
    }
  })
})
