import type { Setting } from './setting-kinds'
import {
  BOOLEAN,
  FILE,
  LIST,
  NON_EMPTY,
  parseClaim,
  parseTime,
  parseUrl,
  showTime,
  TIME,
} from './setting-kinds'

/** The value that asks for the issuer's discovery document. */
export const DISCOVER = 'discover'

/** The settings of how tokens are checked. */
export const JWT_SETTINGS = {
  jwtKey: {
    ...NON_EMPTY,
    isSecret: true,
    about: 'the key that checks tokens: a public key as PEM, or a shared secret',
    option: 'jwt.key',
  },
  jwtKeyFile: { ...FILE, about: 'a file with that key; final line breaks do not count', feeds: 'jwt.key' },
  jwtJwks: {
    placeholder: 'URL',
    about: "in place of a key: the URL of the issuer's key set, or `discover` to find it by the issuer",
    expected: 'an http or https URL without credentials, or `discover`',
    mayHoldSecret: true,
    parse: (text: string) => (text === DISCOVER ? DISCOVER : parseUrl(text, { withQuery: true })),
    feeds: 'jwt.jwks',
  },
  jwtJwksMaxAge: { ...TIME, about: 'how soon a removed key stops working', option: 'jwks.maxAgeMs' },
  jwtJwksMaxOutage: { ...TIME, about: 'how long known keys outlast the issuer', option: 'jwks.maxOutageMs' },
  jwtJwksAllowHttp: {
    ...BOOLEAN,
    about: 'whether the key set may come over http, for tests: others on the network can then add keys',
    option: 'jwks.allowHttp',
  },
  jwtAlgorithms: {
    ...LIST,
    about: 'allowed algorithms of signatures: RS256,PS256',
    option: 'jwt.algorithms',
  },
  jwtIssuer: { ...NON_EMPTY, about: 'the `iss` that tokens must have', option: 'jwt.issuer' },
  jwtAudience: { ...LIST, about: 'the `aud` that tokens must have, one of them', option: 'jwt.audience' },
  jwtOwnerClaim: {
    ...NON_EMPTY,
    about: 'the claim that, with the issuer, names an owner',
    option: 'jwt.ownerClaim',
  },
  jwtCancelTasks: {
    placeholder: 'CLAIM=VALUE',
    about: 'whose tokens may delete queries of others: scope=cancel_task',
    expected: 'a claim and a value, such as scope=cancel_task',
    parse: parseClaim,
    option: 'jwt.cancelTasks',
  },
  jwtMonitorQueries: {
    placeholder: 'CLAIM=VALUE',
    about: 'whose tokens may see the running queries of others: scope=monitor_esql',
    expected: 'a claim and a value, such as scope=monitor_esql',
    parse: parseClaim,
    option: 'jwt.monitorQueries',
  },
  jwtClockTolerance: {
    ...TIME,
    parse: (text: string) => parseTime(text, { msPerUnit: 1_000 }),
    show: (seconds: number) => showTime(1_000 * seconds),
    about: "how far the issuer's clock may be off",
    option: 'jwt.clockToleranceSeconds',
  },
} as const satisfies Record<string, Omit<Setting<unknown>, 'name'>>
