import { atOnce, inTurns } from '../../../lib/core/turns'
import { smileToJson } from '../../../lib/request/decoders/smile'

/** Of a body that shares names and values. */
const json = (hex: string, header = '3a290a03'): string =>
  atOnce(smileToJson(Buffer.from(header + hex, 'hex')))
const ascii = (text: string): string => Buffer.from(text).toString('hex')

/** Different texts of three characters, or names. */
const numbered = (count: number, token: string): string[] =>
  Array.from(
    { length: count },
    (_, index) => token + ascii(String(index % 1_000).padStart(3, index < 1_000 ? '0' : '_')),
  )

describe('smileToJson', () => {
  it.each([
    ['fa8061c2fb', '{"a":1}', 'a body'],
    ['fa8061c2fbff', '{"a":1}', 'a body with an end'],
    ['f8fa8061c2fbfa40c2fbf9', '[{"a":1},{"a":1}]', 'a name that is used again'],
    [`f841${ascii('bc')}01f9`, '["bc","bc"]', 'a text that is used again'],
    [`f8e0${ascii('long')}fc40${ascii('b')}01f9`, '["long","b","b"]', 'a long text, which has no number'],
    [`f8fa34${ascii('x')}fcc2fbfa40c2fbf9`, '[{"x":1},{"x":1}]', 'a long name, which has one'],
    [
      `f8fa8a${ascii('constructor')}c2fbfa8061c2fbfa41c2fbf9`,
      '[{"constructor":1},{"a":1},{"a":1}]',
      'a name that objects have',
    ],
    ['fa20c2fb', '{"":1}', 'a name without characters'],
    ['f820f9', '[""]', 'a text without characters'],
    ['f8e4c3a9fc80c3a9f9', '["é","é"]', 'texts beyond ASCII'],
    ['f8212223f9', '[null,false,true]', 'null and booleans'],
    ['f8c0c1dedff9', '[0,-1,15,-16]', 'small integers'],
    ['24a0', '16', 'an integer'],
    ['241f7f7f7fbf', '-2147483648', 'one of 32 bits'],
    ['25037f7f7f7f7f7f7f7fbf', '-9223372036854775808', 'one of 64 bits'],
    ['26890020000000000000000000', '9223372036854775808', 'a big one'],
    ['26817f01', '-1', 'a negative one'],
    ['2680', '0', 'one without bytes'],
    ['28037e000000', '1.5', 'a float'],
    ['29003f7c00000000000000', '1.5', 'a double'],
    ['2a82810701', '1.5', 'a decimal'],
    ['fa8061c28061c4fb', '{"a":1,"a":2}', 'two fields of one name, for the parser of JSON to refuse'],
  ])('reads %s as %s: %s', (hex, expected) => {
    expect(json(hex)).toBe(expected)
  })

  it('knows 1,024 texts, and then begins to count anew', () => {
    const all = numbered(1_025, '42')
    const read = (reference: string) => JSON.parse(json(`f8${all.join('')}${reference}f9`)).at(-1)
    expect(read('ec00')).toBe('_24')
    expect(() => read('ec01')).toThrow('[-1:-1] SMILE refers to a text [1] that it does not have')
    expect(JSON.parse(json(`f8${all.slice(0, 1_024).join('')}effdf9`)).at(-1)).toBe('_21')
  })

  it('knows 1,024 names', () => {
    const fields = numbered(300, '82').map((name) => `${name}c2`)
    expect(JSON.parse(json(`f8fa${fields.join('')}fbfa312bc4fbf9`))[1]).toEqual({ 299: 2 })
  })

  it.each([
    ['fa8061c2', '3a290a04', 'Unexpected end-of-input'],
    ['c2', '3a290b00', 'SMILE begins with another header'],
    ['c2', '3a290a10', 'SMILE begins with another header'],
    ['f841616101f9', '3a290a00', 'SMILE refers to a text [0] that it does not have'],
    ['f8fa8061c2fbfa40c2fbf9', '3a290a02', 'SMILE refers to a text [0] that it does not have'],
    ['c2c2', undefined, 'SMILE has content behind its value'],
    ['c2ffc2', undefined, 'SMILE has content behind its value'],
    ['00', undefined, 'SMILE has a token [0x0] in a wrong place'],
    ['fb', undefined, 'SMILE has a token [0xfb] in a wrong place'],
    ['f8fb', undefined, 'SMILE has a token [0xfb] in a wrong place'],
    ['faf9', undefined, 'SMILE has a token [0xf9] in a wrong place'],
    ['fa8061fb', undefined, 'SMILE has a token [0xfb] in a wrong place'],
    ['fd8141', undefined, 'SMILE has a token [0xfd] in a wrong place'],
    ['e8814101', undefined, 'SMILE has a token [0xe8] in a wrong place'],
    ['27', undefined, 'SMILE has a token [0x27] in a wrong place'],
    ['40ff', undefined, 'Invalid UTF-8 in the request body'],
    ['298000000000000000000000', undefined, 'SMILE has a number with a byte of eight bits'],
    ['29007f7c00000000000000', undefined, "Non-standard token 'NaN'"],
    ['2500000000000000000000', undefined, 'SMILE has a number of more than 64 bits'],
    ['26088000', undefined, 'Number value length (1234) exceeds'],
    ['f8'.repeat(1_001), undefined, 'Document nesting depth (1001) exceeds the maximum allowed (1000)'],
  ])('refuses what it cannot read, %#', (hex, header, reason) => {
    expect(() => json(hex, header)).toThrow(
      expect.objectContaining({
        type: expect.stringMatching(/^x_content_(parse|e_o_f)_exception$/),
        reason: expect.stringContaining(`[-1:-1] ${reason}`),
      }),
    )
  })

  it('pauses in a long body', async () => {
    let turns = 0
    const items = Buffer.concat([
      Buffer.from('3a290a00f8', 'hex'),
      Buffer.alloc(2 ** 20, 0xc2),
      Buffer.of(0xf9),
    ])
    const text = await inTurns(smileToJson(items), () => {
      turns += 1
    })
    expect([text.length, turns]).toEqual([2 ** 21 + 1, 64])
  })
})
