import fc from 'fast-check'
import type { ValueObject } from '../../../lib/core/result'
import { atOnce } from '../../../lib/core/turns'
import { parseJson } from '../../../lib/json/parse'
import { loadDecoder } from '../../../lib/request/decoders/decoders'
import { anyCharacter } from '../../support/any-character'
import { ENCODERS } from '../../support/encoded-body'

const OTHERS = ['yaml', 'cbor', 'smile'] as const

const text = fc.string({ unit: anyCharacter, maxLength: 100 })
/** JSON writes a double without a fraction as an integer, and encoders of other formats may not. */
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value))
const integer = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 200n }),
  fc.bigInt({ min: -(2n ** 200n), max: -(2n ** 53n) }),
)
const { object } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    double,
    integer,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 30 }),
    tie('object'),
  ),
  object: fc.dictionary(text, tie('value'), { maxKeys: 30 }),
}))

describe.each(OTHERS)('the decoder of %s', (format) => {
  it('gives the values of the same body in JSON', () => {
    const decode = loadDecoder(format)
    fc.assert(
      fc.property(object as fc.Arbitrary<ValueObject>, (body) => {
        const decoded = parseJson(atOnce(decode(ENCODERS[format](body))))?.value
        expect(decoded).toEqual(parseJson(ENCODERS.json(body).toString())?.value)
      }),
    )
  })

  it('refuses whatever is cut off, and never fails otherwise', () => {
    const decode = loadDecoder(format)
    const bytes = ENCODERS[format]({
      a: ['text', 'é', 1, 1.5, 2n ** 70n, null, true, { b: 'c'.repeat(100) }],
    })
    for (let length = 0; length < bytes.length; length += 1) {
      const read = () => parseJson(atOnce(decode(bytes.subarray(0, length))))
      // What is left of a text may be whole.
      if (format === 'yaml') expect([undefined, 'x_content_parse_exception']).toContain(typeOfFault(read))
      else expect(typeOfFault(read)).toBe('x_content_e_o_f_exception')
    }
  })

  it('refuses or reads any bytes', () => {
    const decode = loadDecoder(format)
    const valid = ENCODERS[format]({
      a: ['text', 'é', 1, 1.5, 2n ** 70n, null, true, { b: 'c'.repeat(100) }],
    })
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.uint8Array({ maxLength: 8 }), (at, other) => {
        const bytes = Buffer.concat([valid.subarray(0, at), other, valid.subarray(at + other.length)])
        expect([undefined, 'x_content_parse_exception', 'x_content_e_o_f_exception']).toContain(
          typeOfFault(() => parseJson(atOnce(decode(bytes)))),
        )
      }),
      { numRuns: 1_000 },
    )
  })

  it('keeps names that objects have from birth', () => {
    const body = Object.fromEntries(
      ['constructor', 'toString', '__proto__'].map((name) => [name, { a: name }]),
    )
    const own = Object.fromEntries([['__proto__', { polluted: 1 }], ...Object.entries(body)])
    const bytes = format === 'cbor' ? cborWithProto() : ENCODERS[format](own)
    const decoded = parseJson(atOnce(loadDecoder(format)(bytes)))?.value
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype)
    expect(Object.hasOwn(decoded as object, '__proto__')).toBe(true)
  })
})

/** `{"__proto__": {}}` */
function cborWithProto(): Buffer {
  return Buffer.concat([Buffer.from([0xa1, 0x69]), Buffer.from('__proto__'), Buffer.from([0xa0])])
}

function typeOfFault(read: () => unknown): unknown {
  try {
    read()
    return undefined
  } catch (error) {
    return Reflect.get(Object(error), 'type') ?? error
  }
}

describe('loadDecoder', () => {
  it('says what to install where the package is missing', () => {
    jest.doMock('yaml', () => {
      throw Object.assign(new Error("Cannot find module 'yaml'"), { code: 'MODULE_NOT_FOUND' })
    })
    try {
      jest.isolateModules(() => {
        const { loadDecoder: load } = jest.requireActual<
          typeof import('../../../lib/request/decoders/decoders')
        >('../../../lib/request/decoders/decoders')
        expect(() => load('yaml')).toThrow(
          'request bodies in YAML need the package `yaml`, which is not installed: run `npm install yaml`',
        )
        expect(load('cbor')).toBeInstanceOf(Function)
      })
    } finally {
      jest.dontMock('yaml')
    }
  })
})
