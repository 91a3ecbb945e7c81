import { atOnce, inTurns } from '../../../lib/core/turns'
import { cborToJson } from '../../../lib/request/decoders/cbor'

const json = (hex: string): string => atOnce(cborToJson(Buffer.from(hex, 'hex')))

describe('cborToJson', () => {
  it.each([
    ['d9d9f7a16161f6', '{"a":null}', 'a body that says that it is CBOR'],
    ['bf61616161ff', '{"a":"a"}', 'a map of any length'],
    ['9f0102ff', '[1,2]', 'an array of any length'],
    ['7f6161626263ff', '"abc"', 'a text in parts, as Jackson writes a long one'],
    ['7fff', '""', 'a text without parts'],
    ['80', '[]', 'an empty array'],
    ['a0', '{}', 'an empty map'],
    ['8280a0', '[[],{}]', 'empty ones within others'],
    ['1bffffffffffffffff', '18446744073709551615', 'the largest integer without a tag'],
    ['3bffffffffffffffff', '-18446744073709551616', 'the smallest'],
    ['1b0000000000000005', '5', 'a small integer in eight bytes'],
    ['c249010000000000000000', '18446744073709551616', 'a larger one'],
    ['c349010000000000000000', '-18446744073709551617', 'a smaller one'],
    ['c240', '0', 'a big integer without bytes'],
    ['f93e00', '1.5', 'a float of 16 bits'],
    ['f90001', '5.960464477539063E-8', 'a tiny one'],
    ['fa3fc00000', '1.5', 'a float of 32 bits'],
    ['fb3ff8000000000000', '1.5', 'a double'],
    ['fb4008000000000000', '3.0', 'a double without a fraction'],
    ['f7', 'null', 'undefined, as Jackson reads it'],
    ['a2616101616102', '{"a":1,"a":2}', 'two fields of one name, for the parser of JSON to refuse'],
  ])('reads %s as %s: %s', (hex, expected) => {
    expect(json(hex)).toBe(expected)
  })

  it.each([
    ['c074323031332d30332d32315432303a30343a30305a', 'Tag [0] of CBOR is not supported here'],
    ['c11a514b67b0', 'Tag [1] of CBOR is not supported here'],
    ['d81c80', 'Tag [28] of CBOR is not supported here'],
    ['d9dfff83', 'Tag [57343] of CBOR is not supported here'],
    ['c201', 'Tag [2] of CBOR is not supported here'],
    ['8141ff', 'CBOR has a string of bytes, which no field takes'],
    ['a10101', 'The names of fields in CBOR have to be texts'],
    ['f0', 'CBOR has a simple value [16], which no field takes'],
    ['f820', 'CBOR has a simple value [24], which no field takes'],
    ['f97e00', "Non-standard token 'NaN'"],
    ['fb7ff0000000000000', "Non-standard token 'Infinity'"],
    ['1c', 'CBOR has [28] in place of a number or length'],
    ['1f', 'CBOR has [31] in place of a number or length'],
    ['ff', 'CBOR has a break where none can be'],
    ['81ff', 'CBOR has a break where none can be'],
    ['bf6161ff', 'CBOR has a break where none can be'],
    ['7f01ff', 'A text in CBOR has a part that is no text'],
    ['7f7fffff', 'A text in CBOR has a part that is no text'],
    ['61ff', 'Invalid UTF-8 in the request body'],
    ['7f616161c3ff', 'Invalid UTF-8 in the request body'],
    ['a000', 'CBOR has content behind its value'],
    [
      `c2590200${'ff'.repeat(512)}`,
      /^\[-1:-1\] Number value length \(1234\) exceeds the maximum allowed \(1000/,
    ],
    ['81'.repeat(1_001), 'Document nesting depth (1001) exceeds the maximum allowed (1000)'],
    ['9f'.repeat(1_000_000), 'Document nesting depth (1001) exceeds the maximum allowed (1000)'],
  ])('refuses what it cannot read, %#', (hex, reason) => {
    expect(() => json(hex)).toThrow(
      expect.objectContaining({
        type: 'x_content_parse_exception',
        reason: typeof reason === 'string' ? `[-1:-1] ${reason}` : expect.stringMatching(reason),
        causedBy: { type: 'json_parse_exception', reason: expect.anything() },
      }),
    )
  })

  it.each(['9bffffffffffffffff', '9affffffff01', 'bbffffffffffffffff', '7bffffffffffffffff', 'c25bffffffff'])(
    'makes no room for the length that %s claims',
    (hex) => {
      expect(() => json(hex)).toThrow(/Unexpected end-of-input|Number value length/)
    },
  )

  it('pauses in a long body, and reads a short one at once', async () => {
    const items = (count: number) =>
      Buffer.concat([Buffer.from('9f', 'hex'), Buffer.alloc(count, 1), Buffer.of(0xff)])
    expect(inTurns(cborToJson(items(3)))).toBe('[1,1,1]')
    let turns = 0
    const text = await inTurns(cborToJson(items(2 ** 20)), () => {
      turns += 1
    })
    expect([text.length, turns]).toEqual([2 ** 21 + 1, 64])
  })
})
