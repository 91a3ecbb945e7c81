/** A release of Elasticsearch that the stand-in can be. */
export type Release = '8.19' | '9.5'

/** What a release of the future knows, and no other. */
export interface News {
  fields?: readonly string[]
  settings?: readonly string[]
  /** Of every operation. */
  parameters?: readonly string[]
  /** By the names and by the media types that requests give them. */
  formats?: Readonly<Record<string, NewFormat>>
}

export interface NewFormat {
  contentType: string
  /** The body of an answer. `id`: of the query, where the answer has one. */
  write: (id: string | undefined) => string
}

/** What differs between the releases, as far as this API shows it. */
export interface Flavour {
  number: string
  major: number
  buildHash: string
  luceneVersion: string
  /** The answers tell when a query began and expires, and have the four newer counters. */
  tellsTimes: boolean
  news?: News
  /** An expired query is interrupted; before, it went on computing and could no longer be read. */
  cancelsOnExpiry: boolean
  /** The answer to a synchronous query has the header for the state of an async one. */
  leaksState: boolean
  /** It lists running queries. */
  listsQueries: boolean
}

export const FLAVOURS: Readonly<Record<Release, Flavour>> = {
  '8.19': {
    number: '8.19.4',
    major: 8,
    buildHash: 'aa0a7826e719b392e7782716b323c4fb8fa3b392',
    luceneVersion: '9.12.2',
    tellsTimes: false,
    cancelsOnExpiry: false,
    leaksState: true,
    listsQueries: false,
  },
  '9.5': {
    number: '9.5.4',
    major: 9,
    buildHash: 'c3a1b1ca6ae7a9c2a6f1c2a2a5f6f0f3d3b0b7e1',
    luceneVersion: '10.4.0',
    tellsTimes: true,
    cancelsOnExpiry: true,
    leaksState: false,
    listsQueries: true,
  },
}

/** What `GET /` answers, which clients take for the proof of what they talk to. */
export function productInfo({ number, buildHash, luceneVersion }: Flavour): object {
  return {
    name: 'node-1',
    cluster_name: 'stand-in',
    cluster_uuid: 'yWgCzHbVSc6Dx2bBvyLNdw',
    version: {
      number,
      build_flavor: 'default',
      build_type: 'docker',
      build_hash: buildHash,
      build_date: '2026-09-01T10:00:00.000000000Z',
      build_snapshot: false,
      lucene_version: luceneVersion,
      minimum_wire_compatibility_version: '8.19.0',
      minimum_index_compatibility_version: '8.0.0',
    },
    tagline: 'You Know, for Search',
  }
}
