import type { Setting } from './setting-kinds'
import { BOOLEAN, COUNT, FILE, LIST, NON_EMPTY, PLAIN_URL, parseTime, TIME } from './setting-kinds'

/** The settings of the cluster that the gateway stands in front of. */
export const CLUSTER_SETTINGS = {
  elasticsearchUrl: {
    ...PLAIN_URL,
    about: 'the cluster to stand in front of',
    expected: `${PLAIN_URL.expected}; credentials have variables of their own`,
    mayHoldSecret: true,
    option: 'elasticsearch.url',
    defaultInWords: 'none: the server answers sample queries',
  },
  elasticsearchApiKey: {
    placeholder: 'TEXT',
    isSecret: true,
    about: 'the API key of the service account, encoded as Elasticsearch returns it',
    expected: 'an API key as Elasticsearch returns it in `encoded`',
    parse: (text: string) => (/^[\w+/=-]+$/.test(text) ? text : undefined),
    feeds: 'elasticsearch.headers',
  },
  elasticsearchUsername: {
    ...NON_EMPTY,
    about: 'the user name of the service account, in place of an API key',
    feeds: 'elasticsearch.headers',
  },
  elasticsearchPassword: {
    ...NON_EMPTY,
    isSecret: true,
    about: 'the password of that user',
    feeds: 'elasticsearch.headers',
  },
  elasticsearchCaFile: {
    ...FILE,
    about: 'a file with certificates, in PEM, to trust in place of those of the system',
    feeds: 'elasticsearch.ca',
  },
  maxConnections: {
    ...COUNT,
    about: 'how many connections to the cluster may be open at a time',
    option: 'elasticsearch.maxConnections',
  },
  sealingKeys: {
    ...LIST,
    isSecret: true,
    about: 'keys of query ids: the first one seals, all of them open; --new-sealing-key makes one',
    option: 'elasticsearch.sealingKeys',
  },
  sealingKeysFile: {
    ...FILE,
    about: 'a file with those keys, a line each',
    feeds: 'elasticsearch.sealingKeys',
  },
  runAsClaim: {
    ...NON_EMPTY,
    about: 'the claim that names the user of the cluster to act as',
    option: 'jwt.userClaim',
    feeds: 'elasticsearch.runAs',
  },
  forwardAuthorization: {
    ...BOOLEAN,
    about: "whether the cluster gets the caller's own token",
    option: 'elasticsearch.forwardAuthorization',
  },
  abandonAfter: {
    ...TIME,
    expected: 'a time value, 1s or more',
    parse: (text: string) => parseTime(text, { leastMs: 1_000 }),
    about: 'ends queries that nobody polls for this long',
    option: 'elasticsearch.abandonAfterMs',
  },
} as const satisfies Record<string, Omit<Setting<unknown>, 'name'>>
