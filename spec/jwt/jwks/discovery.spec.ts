import { discoveredKeySet, discoveryUrl } from '../../../lib/jwt/jwks/discovery'

describe('discoveryUrl', () => {
  it.each([
    ['https://issuer.example', 'https://issuer.example/.well-known/openid-configuration'],
    ['https://issuer.example/', 'https://issuer.example/.well-known/openid-configuration'],
    [
      'https://issuer.example/tenant/v2.0',
      'https://issuer.example/tenant/v2.0/.well-known/openid-configuration',
    ],
    ['https://issuer.example/tenant/', 'https://issuer.example/tenant/.well-known/openid-configuration'],
    ['https://issuer.example/?tenant=a', undefined],
    ['https://issuer.example/#a', undefined],
    ['issuer', undefined],
  ])('of %s is %s', (issuer, url) => {
    expect(discoveryUrl(issuer)?.href).toBe(url)
  })
})

describe('discoveredKeySet', () => {
  const issuer = 'https://issuer.example'
  const location = 'https://keys.example/jwks'
  const url = new URL('https://issuer.example/.well-known/openid-configuration')

  function discover(document: Record<string, unknown>, allowHttp = false): Promise<URL> {
    return discoveredKeySet(issuer, url, { get: async () => document, allowHttp })
  }

  it('returns the address in the document of the issuer', async () => {
    expect((await discover({ issuer, jwks_uri: location })).href).toBe(location)
    expect((await discover({ issuer, jwks_uri: 'http://keys.example/' }, true)).href).toBe(
      'http://keys.example/',
    )
  })

  it.each([
    'https://issuer.example/',
    'https://ISSUER.example',
    'https://issuer.example:443',
    'https://other.example',
    '',
    undefined,
    [issuer],
  ])('refuses a document of the issuer %j', async (other) => {
    await expect(discover({ issuer: other, jwks_uri: location })).rejects.toThrow(
      new Error(`the discovery document is that of the issuer ${JSON.stringify(other)}, not "${issuer}"`),
    )
  })

  it.each([
    undefined,
    null,
    5,
    '/jwks',
    'http://keys.example/jwks',
    'https://user:pass@keys.example/jwks',
    'file:///etc/passwd',
  ])('refuses the address %j', async (jwksUri) => {
    await expect(discover({ issuer, jwks_uri: jwksUri })).rejects.toThrow(
      new Error('the discovery document has no `jwks_uri` that is an https URL without credentials'),
    )
  })
})
