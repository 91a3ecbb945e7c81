import { OBJECT_FORMATS, objectFormatOf, writeObject } from '../../lib/formats/formats'

const body = { error: { type: 'x', reason: 'no "y"' }, status: 404 }

describe('writeObject', () => {
  it.each([
    ['json', false, '{"error":{"type":"x","reason":"no \\"y\\""},"status":404}'],
    [
      'json',
      true,
      '{\n  "error" : {\n    "type" : "x",\n    "reason" : "no \\"y\\""\n  },\n  "status" : 404\n}\n',
    ],
    ['yaml', true, '---\nerror:\n  type: "x"\n  reason: "no \\"y\\""\nstatus: 404\n'],
  ] as const)('writes a body as %s, pretty: %s', (format, pretty, text) => {
    expect(writeObject(format, body, { pretty })).toBe(text)
  })

  it.each([
    ['cbor', 'bf656572726f72bf6474797065617866726561736f6e666e6f20227922ff66737461747573190194ff'],
    ['smile', '3a290a05fa846572726f72fa8374797065407885726561736f6e456e6f20227922fb85737461747573240ca8fb'],
  ] as const)('writes a body as %s', (format, hex) => {
    expect(Buffer.from(writeObject(format, body)).toString('hex')).toBe(hex)
  })

  it('is compact when not asked for anything', () => {
    expect(writeObject('json', { acknowledged: true })).toBe('{"acknowledged":true}')
  })

  it.each([
    [{}, '{ }\n'],
    [{ a: [] }, '{\n  "a" : [ ]\n}\n'],
    [{ a: [[1], {}] }, '{\n  "a" : [\n    [\n      1\n    ],\n    { }\n  ]\n}\n'],
  ])('indents %j as Jackson does', (tree, text) => {
    expect(writeObject('json', tree, { pretty: true })).toBe(text)
  })
})

describe('objectFormatOf', () => {
  it.each(OBJECT_FORMATS)('knows %s by its two media types', (format) => {
    expect(objectFormatOf(`application/${format}`)).toBe(format)
    expect(objectFormatOf(`Application/vnd.elasticsearch+${format.toUpperCase()} ;compatible-with=9`)).toBe(
      format,
    )
  })

  it.each([undefined, '', 'text/csv', 'application/vnd.apache.arrow.stream', 'application/jsonp'])(
    'knows none in %p',
    (contentType) => {
      expect(objectFormatOf(contentType)).toBeUndefined()
    },
  )
})
