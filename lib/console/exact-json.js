/** A number that may not fit into a double. Without one, the usual parser is exact, and faster. */
const LONG_NUMBER = /\d{16}/

/**
 * Reads JSON so that integers beyond 2^53 stay what they are: they become a BigInt. A browser that does not tell the
 * source of a number rounds them.
 */
export function parseExact(text) {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text)
  return JSON.parse(text, (_key, value, context) => {
    const isRounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
    return isRounded && /^-?\d+$/.test(context?.source ?? '') ? BigInt(context.source) : value
  })
}

/** JSON text with those integers. */
export function writeExact(value) {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return `[${value.map(writeExact).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(([name, field]) => `${JSON.stringify(name)}:${writeExact(field)}`)
  return `{${fields.join(',')}}`
}
