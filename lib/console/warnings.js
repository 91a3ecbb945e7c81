/** The texts of the `Warning` headers of an answer. A browser joins them with commas. */
export function warningsOf(headers) {
  const found = (headers.get('warning') ?? '').matchAll(/299 \S+ "((?:\\.|[^"\\])*)"/g)
  return [...found].map(([, text]) => decoded(text.replaceAll(/\\(.)/g, '$1')))
}

/** What no header can hold is percent-encoded. */
function decoded(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
