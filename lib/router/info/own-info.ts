import type { ValueObject } from '../../core/result'

const NAME = 'express-esql-async-query'

/**
 * What a gateway without a cluster says about itself: the fields that official clients of Elasticsearch read, in its
 * order. It has no build of Elasticsearch, and says so in the words that Elasticsearch has for that.
 */
export function ownInfo(version: string): ValueObject {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return {
    name: NAME,
    cluster_name: NAME,
    // The same for all replicas. It has the form that Elasticsearch gives to such ids.
    cluster_uuid: 'ZXNxbC1hc3luYy1xdWVyeQ',
    version: {
      number: version,
      build_flavor: 'default',
      build_type: 'unknown',
      build_hash: 'unknown',
      // Some clients read it as a date.
      build_date: '1970-01-01T00:00:00.000Z',
      build_snapshot: version.endsWith('-SNAPSHOT'),
      // Of 9.5, and about that of others.
      lucene_version: `${major + 1}.${minor}.0`,
      minimum_wire_compatibility_version: LAST_MINORS.get(major - 1) ?? `${major - 1}.0.0`,
      minimum_index_compatibility_version: `${major - 1}.0.0`,
    },
    tagline: 'You Know, for Search',
  }
}

/** The last minor of a major, which alone the next major talks to. */
const LAST_MINORS = new Map([
  [7, '7.17.0'],
  [8, '8.19.0'],
])
