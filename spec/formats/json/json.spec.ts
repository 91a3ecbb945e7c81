import fc from 'fast-check'
import type { Value } from '../../../lib/core/result'
import { writeDocument } from '../../../lib/formats/document/document'
import { writeMember, writeMembers } from '../../../lib/formats/document/tree'
import { jsonWriter } from '../../../lib/formats/json/json'
import { JsonSink } from '../../../lib/formats/json/json-sink'
import { CELLS_PER_TURN, CHUNK_LENGTH } from '../../../lib/formats/writer'
import { asyncText, goldenCases, presentationOf, queryOf } from '../../support/golden-cases'
import { jsonCells } from '../../support/json-family'
import { chunksOf, completed, plain, tableOf, textOf } from '../../support/tables'

describe('jsonWriter', () => {
  it.each(goldenCases(['json']))('writes %s as Elasticsearch does', (_, goldenCase) => {
    expect(textOf(jsonWriter(queryOf(goldenCase), presentationOf(goldenCase)))).toBe(asyncText(goldenCase))
  })

  it('writes any text so that JSON.parse reads it back, with U+FFFD for lone surrogates', () => {
    const text = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (texts) => {
        const written = Buffer.from(textOf(jsonWriter(completed(tableOf(texts)), plain)))
        expect(JSON.parse(written.toString()).values).toEqual([texts.map((each) => each.toWellFormed())])
      }),
    )
  })

  it('writes any double so that JSON.parse reads it back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 2 }),
        (doubles) => {
          expect(JSON.parse(`[${jsonCells('double', [doubles])}]`)).toEqual([doubles])
        },
      ),
    )
  })

  it('escapes control characters in upper-case digits, and nothing that looks like such an escape', () => {
    const text = '\u000b \u001f \\u000b \\\u000b \u007f \u2028 /'
    expect(jsonCells('keyword', [text])).toBe('"\\u000B \\u001F \\\\u000b \\\\\\u000B \u007f \u2028 /"')
  })
})

describe('members that are written at once', () => {
  const name = fc.string({ unit: fc.constantFrom('a', '_', '"', '\u000b', '日'), minLength: 1 })
  const text = fc.string({ unit: 'binary' }).map((each) => each.toWellFormed())
  const value = fc.oneof(
    text,
    fc.array(text),
    fc.maxSafeInteger(),
    fc.constantFrom(-0, 2 ** 60, 1e22, 1.5, Number.NaN),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(undefined),
    fc.array(fc.dictionary(name, text), { maxLength: 3 }),
  )

  it.each([
    ['compact', false],
    ['indented', true],
  ])('are those of the tokens, %s', (_, pretty) => {
    const written = (write: (sink: JsonSink) => void): unknown => {
      const sink = new JsonSink({ pretty })
      sink.start('object')
      writeMember(sink, 'first', 1)
      write(sink)
      sink.end('object')
      return sink.take()
    }
    fc.assert(
      fc.property(fc.dictionary(name, value), (members) => {
        const tokens = written((sink) => {
          for (const [key, member] of Object.entries(members)) writeMember(sink, key, member)
        })
        const atOnce = written((sink) => {
          writeMembers(sink, members)
        })
        expect(atOnce).toBe(tokens)
      }),
    )
  })
})

describe('rows that JSON.stringify helps to write', () => {
  const hostile = fc.string({ unit: fc.constantFrom('\u007f', '"', '\\', ',', ']', '\u000b', '日', 'a') })
  const types = [
    'keyword',
    'double',
    'long',
    'integer',
    'boolean',
    'date',
    'dense_vector',
    '_source',
    'null',
  ] as const
  const row: fc.Arbitrary<readonly Value[]> = fc.tuple(
    ...[
      hostile,
      fc.double(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.integer(),
      fc.boolean(),
      fc.date({ noInvalidDate: true }),
      fc.float(),
      fc.record({ key: hostile, number: fc.double() }),
      hostile,
    ].map((scalar: fc.Arbitrary<Value>) => fc.oneof(scalar, fc.array(fc.option(scalar), { maxLength: 3 }))),
  )
  const columns = types.map((type) => ({ name: type, type }))

  it('are what their tokens are', () => {
    fc.assert(
      fc.property(fc.array(row), fc.boolean(), fc.boolean(), (values, columnar, dropNullColumns) => {
        const query = { ...completed({ columns, values }), columnar }
        const presentation = { ...plain, dropNullColumns }
        const tokens = textOf(writeDocument(query, presentation, new JsonSink()))
        expect(textOf(jsonWriter(query, presentation))).toBe(tokens)
      }),
    )
  })

  it('keep texts apart from the mark of a cell that is filled in', () => {
    const values = [
      ['\u007f', 1],
      ['"\u007f"', 2],
      ['\u007f', 0.5],
    ]
    const result = completed({
      columns: [
        { name: 'k', type: 'keyword' },
        { name: 'd', type: 'double' },
      ],
      values,
    })
    expect(textOf(jsonWriter(result, plain))).toContain(
      '"values":[["\u007f",1.0],["\\"\u007f\\"",2.0],["\u007f",0.5]]',
    )
  })

  it('leave the rows of the store as they are', () => {
    const values = Object.freeze([Object.freeze(['a', Object.freeze(['b'])])])
    expect(textOf(jsonWriter(completed(tableOf(...values)), plain))).toContain('"values":[["a","b"]]')
  })
})

describe('the chunks of a large answer', () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => [`text ${index}`, `other ${index}`])
  const query = completed(tableOf(...rows))

  it.each([
    ['compact', 2 * CHUNK_LENGTH, plain],
    ['pretty', CHUNK_LENGTH, { ...plain, pretty: true }],
    ['filtered', CHUNK_LENGTH, { ...plain, filterPath: 'values' }],
  ])('are small when it is %s', (_, length, presentation) => {
    for (const columnar of [false, true]) {
      const chunks = chunksOf(jsonWriter({ ...query, columnar }, presentation))
      const longest = Math.max(...chunks.map(({ length }) => length))
      expect(longest).toBeLessThan(length * 1.25)
      expect(chunks.length).toBeGreaterThan(5)
    }
  })

  it('are small where cells have many values', () => {
    const many = Array.from({ length: 100 }, (_, index) => `value ${index}`)
    const table = tableOf(...Array.from({ length: 1_000 }, () => [many]))
    const chunks = chunksOf(jsonWriter(completed(table), plain))
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(2 * CHUNK_LENGTH * 1.25)
  })

  it('are empty, but there, while a filter lets nothing pass', () => {
    const chunks = [...jsonWriter(query, { ...plain, filterPath: 'values.nothing' })]
    expect(chunks.length).toBeGreaterThanOrEqual(Math.floor((rows.length * 2) / CELLS_PER_TURN))
    expect(chunks.join('')).toBe('{}')
  })

  it('are few when the filter leaves the values out', () => {
    expect([...jsonWriter(query, { ...plain, filterPath: 'is_running' })]).toEqual(['{"is_running":false}'])
  })
})
