import type { GetDocument } from './json-document'
import { isFetchable, KeySourceError } from './json-document'

const PATH = '/.well-known/openid-configuration'

/** OpenID Connect Discovery 1.0, section 4: where the document of an issuer is, if the issuer is a URL as it must be. */
export function discoveryUrl(issuer: string): URL | undefined {
  if (!URL.canParse(issuer) || /[?#]/.test(issuer)) return undefined
  return new URL(issuer.replace(/\/$/, '') + PATH)
}

/**
 * Where the key set of an issuer is now, by its discovery document. By hand, since openid-client comes with jose and
 * everything that a client of OpenID needs, for two members of one document.
 */
export async function discoveredKeySet(
  issuer: string,
  document: URL,
  { get, allowHttp }: { get: GetDocument; allowHttp: boolean },
): Promise<URL> {
  const { issuer: itself, jwks_uri: location } = await get('the discovery document', document)
  // Section 4.3: without this, anybody who can publish one page on the issuer's host could pass for the issuer.
  if (itself !== issuer) {
    const other = String(JSON.stringify(itself)).slice(0, 200)
    const expected = JSON.stringify(issuer)
    throw new KeySourceError(`the discovery document is that of the issuer ${other}, not ${expected}`)
  }
  const url = typeof location === 'string' && URL.canParse(location) ? new URL(location) : undefined
  if (!url || !isFetchable(url, { allowHttp })) {
    throw new KeySourceError(
      'the discovery document has no `jwks_uri` that is an https URL without credentials',
    )
  }
  return url
}
