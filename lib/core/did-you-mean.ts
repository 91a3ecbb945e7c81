import { distance } from 'fastest-levenshtein'

/**
 * The candidates that `name` may have been meant to be, best first and equals in alphabetical order: those with
 * a Levenshtein similarity above one half, as Elasticsearch picks its suggestions.
 */
export function closest(name: string, candidates: Iterable<string>): string[] {
  const scored: { candidate: string; similarity: number }[] = []
  for (const candidate of candidates) {
    const similarity = 1 - distance(name, candidate) / Math.max(name.length, candidate.length, 1)
    if (similarity > 0.5) scored.push({ candidate, similarity })
  }
  return scored
    .sort((a, b) => b.similarity - a.similarity || (a.candidate < b.candidate ? -1 : 1))
    .map(({ candidate }) => candidate)
}

/** `did you mean [a]?` or `did you mean any of [a, b]?`, or nothing where nothing is close. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const found = closest(name, candidates)
  if (found.length === 0) return undefined
  return `did you mean ${found.length === 1 ? '' : 'any of '}[${found.join(', ')}]?`
}
