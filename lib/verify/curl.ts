import type { Request } from './answer'

/** The request as a line for a shell, with the token in a variable that the reader sets. */
export function curlOf({ method, url, headers, body }: Request): string {
  const sent = Object.entries(headers).map(([name, value]) =>
    name === 'authorization' ? '-H "Authorization: $AUTHORIZATION"' : `-H ${quoted(`${name}: ${value}`)}`,
  )
  const data = body === undefined ? [] : [`--data-raw ${quoted(body)}`]
  return ['curl -sSi', `-X ${method}`, quoted(url.href), ...sent, ...data].join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
