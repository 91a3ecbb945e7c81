/** What tells in every row of a result, and in every failure, whose it is. No two queries have the same. */
export function markOf(owner, number) {
  return `mk~${owner}~${number}~`
}

const MARK = /mk~[\w-]+~\d+~/g

/** Every mark in an answer, in any format: the binary ones have their texts in clear too. */
export function marksIn(text) {
  return text.match(MARK) ?? []
}
