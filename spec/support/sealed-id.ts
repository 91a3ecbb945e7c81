import { ownerOf } from '../../lib/core/caller'
import { SealedIds } from '../../lib/stores/elasticsearch/ids/sealed-ids'
import { newSealingKey, readSealingKeys } from '../../lib/stores/elasticsearch/ids/sealing-keys'

/** An id in the form of the cluster's ids, without a query. */
export const UNKNOWN_UPSTREAM_ID = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM='

/** An id in the form of sealed ids that none of our keys opens. */
export function unknownId(sealingKeys: readonly string[] = [newSealingKey()]): string {
  const ids = new SealedIds(readSealingKeys(sealingKeys))
  return ids.seal({ upstreamId: UNKNOWN_UPSTREAM_ID }, ownerOf('https://issuer.example', 'nobody'))
}
