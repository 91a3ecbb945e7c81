import { ownInfo } from '../../../lib/router/info/own-info'

describe('what a gateway without a cluster says about itself', () => {
  it.each([
    ['9.5.0', '10.5.0', '8.19.0', '8.0.0', false],
    ['9.6.1-SNAPSHOT', '10.6.0', '8.19.0', '8.0.0', true],
    ['8.19.4', '9.19.0', '7.17.0', '7.0.0', false],
    ['10.0.0', '11.0.0', '9.0.0', '9.0.0', false],
  ])('fits %s', (version, lucene, wire, index, isSnapshot) => {
    expect(ownInfo(version).version).toMatchObject({
      number: version,
      lucene_version: lucene,
      minimum_wire_compatibility_version: wire,
      minimum_index_compatibility_version: index,
      build_snapshot: isSnapshot,
    })
  })
})
