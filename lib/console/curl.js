/** The same request for a shell. */
export function curlLine({ method, url, body }, token) {
  const words = ['curl', '-sS']
  if (method === 'HEAD') words.push('--head')
  else if (method !== (body === undefined ? 'GET' : 'POST')) words.push('-X', method)
  words.push('-H', quote(`Authorization: Bearer ${token}`))
  if (body !== undefined) words.push('-H', quote('Content-Type: application/json'))
  words.push(quote(url))
  if (body !== undefined) words.push('-d', quote(body))
  return words.join(' ')
}

function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`
}
