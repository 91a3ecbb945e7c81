/** Every value of a header as it was sent. `rawHeaders`: of a request of Node.js, where names and values alternate. */
export function sentValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const sent = rawHeaders[at]
    // The length first: a request has many headers, and this looks at all of them.
    if (sent?.length === name.length && sent.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? '')
  }
  return values
}
