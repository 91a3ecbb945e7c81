import assert from 'node:assert/strict'
import { SealedIds } from '../../dist/stores/elasticsearch/ids/sealed-ids.js'
import { newSealingKey, readSealingKeys } from '../../dist/stores/elasticsearch/ids/sealing-keys.js'
import { upstreamIdOf } from './cluster-answers.mjs'

const WARM_UP_IDS = 5_000
const SAMPLES = 21
const IDS_PER_SAMPLE = 1_000

/** How long it takes to seal and open one id, in microseconds, for each sample. */
export function measureSealing() {
  const ids = new SealedIds(readSealingKeys([newSealingKey()]))
  const owner = 'https://issuer.example.org/ alice'
  const content = { upstreamId: upstreamIdOf('large') }
  const id = ids.seal(content, owner)
  assert.deepEqual(ids.open(id, owner), { id, ...content })
  assert.equal(ids.open(id, 'https://issuer.example.org/ mallory'), undefined)

  const sealAndOpen = (count) => {
    for (let done = 0; done < count; done++) {
      const { upstreamId } = ids.open(ids.seal(content, owner), owner)
      if (upstreamId !== content.upstreamId) throw new Error('an id has been opened to another one')
    }
  }
  sealAndOpen(WARM_UP_IDS)
  return Array.from({ length: SAMPLES }, () => {
    const began = performance.now()
    sealAndOpen(IDS_PER_SAMPLE)
    return ((performance.now() - began) * 1_000) / IDS_PER_SAMPLE
  })
}
