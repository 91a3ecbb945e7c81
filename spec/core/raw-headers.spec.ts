import { sentValues } from '../../lib/core/raw-headers'

describe('sentValues', () => {
  it.each([
    ['in any case', ['Host', 'x', 'ACCEPT', 'a', 'accept', 'b'], ['a', 'b']],
    ['of a header that is not there', ['Host', 'x', 'Accept-Encoding', 'gzip'], []],
    ['but no value that is called like the header', ['X-Wanted', 'accept', 'Accept', 'a'], ['a']],
    ['as empty where a host has left out the last', ['Accept'], ['']],
  ])('finds every value, %s', (_, rawHeaders, values) => {
    expect(sentValues(rawHeaders, 'accept')).toEqual(values)
  })
})
