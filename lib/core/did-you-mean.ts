import { distance } from 'fastest-levenshtein'

/**
 * The candidates that are similar to `name`, the most similar first and equals in alphabetical order. As in
 * Elasticsearch, similar is a Levenshtein similarity above one half, unless `least` says otherwise.
 */
export function closest(name: string, candidates: Iterable<string>, least = 0.5): string[] {
  return ranked(name, candidates)
    .filter(({ similarity }) => similarity > least)
    .map(({ candidate }) => candidate)
}

/** The candidate that is most similar to `name`, however little that is. `undefined` if there are no candidates. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  return ranked(name, candidates)[0]?.candidate
}

function ranked(name: string, candidates: Iterable<string>): { candidate: string; similarity: number }[] {
  const similarityOf = (candidate: string): number =>
    1 - distance(name, candidate) / Math.max(name.length, candidate.length, 1)
  return [...candidates]
    .map((candidate) => ({ candidate, similarity: similarityOf(candidate) }))
    .sort((a, b) => b.similarity - a.similarity || (a.candidate < b.candidate ? -1 : 1))
}

/** `did you mean [a]?` or `did you mean any of [a, b]?`. `undefined` if no candidate is similar. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const found = closest(name, candidates)
  if (found.length === 0) return undefined
  return `did you mean ${found.length === 1 ? '' : 'any of '}[${found.join(', ')}]?`
}
