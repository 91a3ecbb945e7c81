import { ownerOf } from '../../lib/core/caller'
import { SealedIds } from '../../lib/stores/elasticsearch/ids/sealed-ids'
import { newSealingKey, readSealingKeys } from '../../lib/stores/elasticsearch/ids/sealing-keys'

/** An id of the cluster of which no query is known. */
export const UNKNOWN_UPSTREAM_ID = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM='

/** An id that looks like one of ours and that no key of ours opens. */
export function unknownId(sealingKeys: readonly string[] = [newSealingKey()]): string {
  const ids = new SealedIds(readSealingKeys(sealingKeys))
  return ids.seal({ upstreamId: UNKNOWN_UPSTREAM_ID }, ownerOf('https://issuer.example', 'nobody'))
}
