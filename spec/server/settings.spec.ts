import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ROUTER_OPTIONS } from '../../lib/router/options'
import { defaultOf } from '../../lib/server/describe-settings'
import type { Part, Setting } from '../../lib/server/setting-kinds'
import { ALL_SETTINGS, optionsOf, SETTINGS } from '../../lib/server/settings'
import { MEMORY_STORE_OPTIONS } from '../../lib/stores/memory/options'
import { POSTGRES_STORE_OPTIONS } from '../../lib/stores/postgres/options'

/** Options that no setting gives, on purpose. */
const WITHOUT_SETTING: Readonly<Record<string, readonly string[]>> = {
  // The server makes the store, the token check and the log. OpenTelemetry has variables of its own.
  router: ['store', 'resolveCaller', 'logger', 'meterProvider'],
  // The catalogue gives the executor, which ends at once when it is interrupted, and the limit of each query. The clock is for
  // tests.
  memory: ['execute', 'interruptGraceMs', 'limitKeepAlive', 'clock', 'meterProvider'],
  // The same. For samples, the defaults of the rest will do.
  postgres: [
    ...['pool', 'execute', 'logger', 'interruptGraceMs', 'limitKeepAlive', 'clock', 'meterProvider'],
    ...['listener', 'schema', 'maxRunning', 'heartbeatMs', 'leaseMs', 'onLost', 'closeGraceMs', 'pollMs'],
    ...['statementTimeoutMs', 'readGraceMs', 'maxCachedBytes'],
  ],
}

describe('the settings of the standalone server', () => {
  it.each<[Part, object]>([
    ['router', ROUTER_OPTIONS],
    ['memory', MEMORY_STORE_OPTIONS],
  ])('give every option of %s, but for those that are left out on purpose', (part, table) => {
    const given = optionsOf(part).map(([option]) => option)
    expect([...given, ...(WITHOUT_SETTING[part] ?? [])].sort()).toEqual(Object.keys(table).sort())
  })

  it('give PostgresStore the options that it shares with MemoryStore, and no others', () => {
    const given = optionsOf('memory').map(([option]) => option)
    const shared = Object.keys(POSTGRES_STORE_OPTIONS).filter((option) => given.includes(option))
    expect([...shared, ...(WITHOUT_SETTING.postgres ?? [])].sort()).toEqual(
      Object.keys(POSTGRES_STORE_OPTIONS).sort(),
    )
  })

  it('are all read: as an option, or by their name', () => {
    const folder = path.join(__dirname, '..', '..', 'lib', 'server')
    const readers = readdirSync(folder).filter((file) => file !== 'settings.ts')
    const source = readers.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n')
    const named = new Set(Array.from(source.matchAll(/SETTINGS\.(\w+)/g), ([, key]) => key))
    const unread = Object.entries<Setting<unknown>>(SETTINGS).filter(
      ([key, { option }]) => option === undefined && !named.has(key),
    )
    expect(unread.map(([key]) => key)).toEqual([])
  })

  it('give an option at most once as it is', () => {
    const paths = ALL_SETTINGS.flatMap(({ option }) => option ?? [])
    expect(new Set(paths).size).toBe(paths.length)
  })

  it.each<[string, Setting<unknown>, string | undefined]>([
    ['a default of its own', SETTINGS.port, '3000'],
    ['the default of an option', SETTINGS.maxQueries, '10000'],
    ['a time', SETTINGS.jwtJwksMaxAge, '10m'],
    ['a long time', SETTINGS.jwtJwksMaxOutage, '24h'],
    ['a time in seconds', SETTINGS.jwtClockTolerance, '5s'],
    ['a time without an end', SETTINGS.maxWait, 'no limit'],
    ['words that name another option', SETTINGS.maxWaitsPerOwner, 'half of ESQL_ASYNC_MAX_WAITS'],
    [
      'words of its own before those of the option',
      SETTINGS.elasticsearchUrl,
      'none: the server answers sample queries',
    ],
    ['nothing', SETTINGS.jwtIssuer, undefined],
  ])('show %s', (_, setting, expected) => {
    expect(defaultOf(setting)).toBe(expected)
  })
})
