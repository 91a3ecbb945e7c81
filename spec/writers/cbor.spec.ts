import { decode } from 'cbor-x'
import { cborWriter } from '../../lib/writers/cbor'
import { asyncDocument, goldenCases, presentationOf, queryOf } from '../support/golden-cases'
import { bytesOf } from '../support/json-family'

describe('cborWriter', () => {
  it.each(goldenCases(['cbor']))('writes %s as Elasticsearch does', (_, goldenCase) => {
    const written = decode(bytesOf(cborWriter(queryOf(goldenCase), presentationOf(goldenCase))))
    const expected = asyncDocument(goldenCase, decode(Buffer.from(goldenCase.expected.body, 'base64')))
    expect(written).toEqual(expected)
  })
})
