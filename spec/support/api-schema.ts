import { memoized } from '../../lib/verify/document/schema-faults'

export { schemaFaults, withoutRequired } from '../../lib/verify/document/schema-faults'

/**
 * The schema for an answer that no newer cluster has written: it has only the fields and the words that the document
 * names. The document itself lets clients expect others. A schema stays open where it says `additionalProperties`.
 */
export const closed = memoized((schema) =>
  JSON.parse(JSON.stringify(schema), (_name, node) => {
    if (typeof node?.properties === 'object') return { additionalProperties: false, ...node }
    const [words, any] = node?.anyOf ?? []
    return words?.enum && any?.type === words.type ? words : node
  }),
)
