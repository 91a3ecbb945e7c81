/** Every row and every failure bear the mark of their query. No two queries have the same. */
export function markOf(owner, number) {
  return `mk~${owner}~${number}~`
}

const MARK = /mk~[\w-]+~\d+~/g

/** Every mark in an answer. The binary formats too have their texts in clear. */
export function marksIn(text) {
  return text.match(MARK) ?? []
}
