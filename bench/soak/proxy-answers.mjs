/** Neither the cluster nor a gateway has these words. A client that reads them has the answer of the proxy. */
export const PROXY_WORDS = 'proxy.example.net'

const page = (status) => `<html><head><title>${status}</title></head><body>${PROXY_WORDS}</body></html>`
const html = (status, headers = {}) => ({
  status,
  headers: { 'content-type': 'text/html', ...headers },
  body: page(status),
})
const json = (status, document) => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ ...document, via: PROXY_WORDS }),
})

/** What the proxy says in place of the cluster. */
export const PROXY_ANSWERS = {
  'HTML-502': html(502),
  'HTML-503': html(503),
  'HTML-504': html(504),
  'JSON-504': json(504, { message: 'Endpoint request timed out' }),
  'JSON-404': json(404, { message: 'no Route matched with those values' }),
  'JSON-200': json(200, { is_running: false, columns: [], values: [] }),
  'HTML-401': html(401, { 'www-authenticate': `Basic realm="${PROXY_WORDS}"` }),
  'HTML-302': html(302, { location: `https://${PROXY_WORDS}/login` }),
}

/**
 * An `X-Opaque-Id`, which a gateway passes on. It asks the proxy for one of its answers to each request of the
 * gateway, but for the first ones (`spared`). `isServed`: the cluster serves these requests all the same.
 */
export function orderOf({ name, spared = 0, isServed = false }) {
  return `${crypto.randomUUID()} ${name} ${spared} ${isServed ? 'served' : 'unserved'}`
}

/** What an `X-Opaque-Id` asks the proxy for, or `undefined`. */
export function readOrder(opaqueId = '') {
  const [, name, spared, served] = opaqueId.split(' ')
  return name && { name, spared: Number(spared), isServed: served === 'served' }
}
