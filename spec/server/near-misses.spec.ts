import { nearMisses, unknownVariables } from '../../lib/server/near-misses'
import { ALL_SETTINGS, SETTINGS, variableOf } from '../../lib/server/settings'

describe('a variable that looks like a setting', () => {
  it.each([
    ['ELASTICSEARCH_URI', 'ELASTICSEARCH_URL'],
    ['ELASTICSEARCH_HOSTS', 'ELASTICSEARCH_URL'],
    ['ELASTIC_URL', 'ELASTICSEARCH_URL'],
    ['ES_URL', 'ELASTICSEARCH_URL'],
    ['ELASTICSEARCH_ULR', 'ELASTICSEARCH_URL'],
    ['ELASTICSEARCH_APIKEY', 'ELASTICSEARCH_API_KEY'],
    ['ELASTICSEARCH_PASWORD', 'ELASTICSEARCH_PASSWORD'],
    ['ELASTIC_PASSWORD', 'ELASTICSEARCH_PASSWORD'],
    ['ELASTICSEARCH_USER', 'ELASTICSEARCH_USERNAME'],
    ['JWKS_URI', 'ESQL_ASYNC_JWT_JWKS'],
    ['JWT_SECRET', 'ESQL_ASYNC_JWT_KEY'],
    ['JWT_KEY_FILE', 'ESQL_ASYNC_JWT_KEY_FILE'],
    ['JWT_ISUER', 'ESQL_ASYNC_JWT_ISSUER'],
    ['JWT_AUD', 'ESQL_ASYNC_JWT_AUDIENCE'],
    ['OIDC_ISSUER', 'ESQL_ASYNC_JWT_ISSUER'],
    ['DATABASE_URL', 'ESQL_ASYNC_POSTGRES_URL'],
    ['SEALING_KEYS', 'ESQL_ASYNC_SEALING_KEYS'],
    ['ESQL_ASNYC_MAX_WAIT', 'ESQL_ASYNC_MAX_WAIT'],
    ['ESQLASYNC_MAX_WAIT', undefined],
  ])('is named with the one that is meant: %s', (name, meant) => {
    const lines = nearMisses({ [name]: 's3cret' }, () => false)
    expect(lines).toEqual(
      meant === undefined ? [] : [`the variable ${name} is not read; did you mean ${meant}?`],
    )
  })

  it('is no matter where the setting is given, or another in its place', () => {
    const given = new Set<unknown>([SETTINGS.elasticsearchUrl, SETTINGS.jwtKeyFile])
    const environment = { ES_URL: 'a', JWT_SECRET: 'b', JWKS_URI: 'c', DATABASE_URL: 'd', ES_USER: 'e' }
    expect(nearMisses(environment, (setting) => given.has(setting))).toEqual([
      'the variable ES_USER is not read; did you mean ELASTICSEARCH_USERNAME?',
    ])
  })

  it.each([
    ...['HOST', 'PORT', 'PATH', 'LOG_LEVEL', 'NODE_ENV', 'ES_HOME', 'ES_JAVA_OPTS', 'ELASTICSEARCH_VERSION'],
    ...['ELASTICSEARCH_SERVICE_HOST', 'ELASTICSEARCH_PORT_9200_TCP_ADDR', 'JWT_COOKIE_NAME', 'PGHOST'],
    ...ALL_SETTINGS.map(variableOf),
  ])('is not one of ours, of a shell, of Kubernetes, or of something else: %s', (name) => {
    expect(nearMisses({ [name]: 'x' }, () => false)).toEqual([])
  })
})

describe('a variable with our prefix that is no setting', () => {
  it.each([
    ['ESQL_ASYNC_PROT', 'ESQL_ASYNC_PORT'],
    ['ESQL_ASYNC_ELASTICSEARCH_ULR', 'ELASTICSEARCH_URL'],
    ['ESQL_ASYNC_ELASTICSEARCH_URL', 'ELASTICSEARCH_URL'],
    ['ESQL_ASYNC_JWKS_URI', 'ESQL_ASYNC_JWT_JWKS'],
    ['ESQL_ASYNC_JWT_SECRET', 'ESQL_ASYNC_JWT_KEY'],
    ['ESQL_ASYNC_DATABASE_URL', 'ESQL_ASYNC_POSTGRES_URL'],
    ['ESQL_ASYNC_QQQQQQQQQQQQQQQQQQ', undefined],
  ])('is unknown, and the closest one is named: %s', (name, meant) => {
    expect(unknownVariables({ [name]: 'x' })).toEqual([{ name, meant }])
  })

  it('is none of a Kubernetes service with such a name', () => {
    expect(unknownVariables({ ESQL_ASYNC_PORT_3000_TCP: 'x', ESQL_ASYNC_SERVICE_HOST: 'x' })).toEqual([])
  })
})
