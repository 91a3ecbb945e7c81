/** Elasticsearch's limit on digits, which also keeps big integers cheap to read and to print. */
export const MAX_DIGITS = 1_000

/** How many digits a number has, or less than that if they are few. */
export function digitsOf(literal: string): number {
  return literal.length > MAX_DIGITS ? literal.replace(/\D/g, '').length : 0
}

/** The number or, where a number would not be exact, the bigint that a literal stands for. */
export function exactNumber(literal: string): number | bigint {
  const number = Number(literal)
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(literal) ? number : BigInt(literal)
}
