import { distance } from 'fastest-levenshtein'

/** What follows an unknown name: ` did you mean [a]?`, ` did you mean any of [a, b]?`, or nothing. */
export function suggestions(name: string, known: readonly string[]): string {
  const similar = known
    .map((other) => ({ other, similarity: 1 - distance(name, other) / Math.max(name.length, other.length) }))
    .filter(({ similarity }) => similarity > 0.5)
    .sort((one, two) => two.similarity - one.similarity || (one.other < two.other ? -1 : 1))
    .map(({ other }) => other)
  if (similar.length === 0) return ''
  return ` did you mean ${similar.length === 1 ? '' : 'any of '}[${similar.join(', ')}]?`
}
