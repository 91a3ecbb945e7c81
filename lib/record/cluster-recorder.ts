import type { Owner } from '../core/caller'
import type { Clock } from '../core/clock'
import { messageOf } from '../core/message-of'
import { isValueObject } from '../core/result'
import { parseJson } from '../json/parse'
import { ElasticsearchStore, newSealingKey } from '../stores/elasticsearch/elasticsearch-store'
import type { RecordingOptions } from './recording'
import { Recording } from './recording'
import { RecordingStore } from './recording-store'

/** The cluster, or the gateway, whose answers are asked for. */
export interface ClusterAddress {
  /** The URL in front of `/_query/async`. */
  readonly url: string
  /** The whole `Authorization` header. @default none */
  readonly authorization?: string | undefined
  /** For an https `url`: certificates to trust, in PEM. @default those of the system */
  readonly ca?: string | undefined
}

/** A recorder that is ready for queries. */
export interface ClusterRecorder {
  readonly store: RecordingStore
  readonly recording: Recording
  readonly release: string | undefined
  /** Looks at the queries whose end nobody has seen, and closes the connections. */
  close(): Promise<void>
}

/** The longest time for the first answer, in milliseconds. */
const FIRST_ANSWER_MS = 30_000

const NOBODY = 'recorder' as Owner

/** A store in front of the cluster. Throws a `TypeError` for an address that is none. */
export function connect({ url, authorization, ca }: ClusterAddress, clock: Clock): ElasticsearchStore {
  return new ElasticsearchStore({
    url,
    headers: authorization === undefined ? {} : { authorization },
    sealingKeys: [newSealingKey()],
    clock,
    ...(ca !== undefined && { ca }),
  })
}

/** Rejects with an error that says why, if the file cannot be added to or the cluster does not answer. */
export async function startRecorder(
  address: ClusterAddress,
  options: Omit<RecordingOptions, 'secrets' | 'release'>,
): Promise<ClusterRecorder> {
  const { authorization = '' } = address
  const [, credentials = ''] = /^\S+ +(.+)$/.exec(authorization) ?? []
  const store = connect(address, options.clock)
  try {
    const release = await askRelease(store)
    const recording = new Recording({ ...options, release, secrets: [authorization, credentials] })
    const recordingStore = new RecordingStore(store, recording, options.clock)
    return {
      store: recordingStore,
      recording,
      release,
      async close() {
        await recordingStore.close().finally(() => store.close())
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** What a cluster says about itself. Rejects if it does not answer, or refuses the credentials. */
export async function askRelease(store: ElasticsearchStore): Promise<string | undefined> {
  try {
    const { info } = store.passThrough
    const answer = await info?.call(
      store.passThrough,
      {
        caller: { owner: NOBODY },
        parameters: {},
        sentParameters: [],
        accept: 'application/json',
        gone: AbortSignal.timeout(FIRST_ANSWER_MS),
      },
      NOBODY,
    )
    if (answer?.status !== 200) throw new Error(`it answers ${answer?.status}`)
    const body = parseJson(Buffer.from(answer.body).toString())?.value
    const version = isValueObject(body) ? body.version : undefined
    return isValueObject(version) && typeof version.number === 'string' ? version.number : undefined
  } catch (cause) {
    throw new Error(`the server cannot be asked: ${messageOf(cause)}`, { cause })
  }
}
