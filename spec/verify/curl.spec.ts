import { curlOf } from '../../lib/verify/curl'

describe('a request as a line for a shell', () => {
  it('leaves the token out, and quotes what a shell would read', () => {
    const line = curlOf({
      method: 'POST',
      url: new URL('http://x/_query/async?a=b&c=d'),
      headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
      body: `{"query":"it's $HOME"}`,
    })
    expect(line).toBe(
      `curl -sSi -X POST 'http://x/_query/async?a=b&c=d' -H "Authorization: $AUTHORIZATION" ` +
        `-H 'content-type: application/json' --data-raw '{"query":"it'\\''s $HOME"}'`,
    )
  })
})
