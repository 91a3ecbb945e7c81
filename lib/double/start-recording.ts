import { untouchedClock } from '../core/clock'
import { printOnConsole } from '../core/logger'
import type { ClusterRecorder } from '../record/cluster-recorder'
import type { ResolvedRecord } from './record-options'

/** The recorder of a double, if it records. Rejects with an error that says why the cluster cannot be asked. */
export async function startRecording({
  recording,
  apiKey,
  ca,
  redact,
  maxRows,
  repeats,
}: ResolvedRecord): Promise<ClusterRecorder | undefined> {
  if (!recording) return undefined
  // Few doubles record, and none of the others should load this.
  const { startRecorder }: typeof import('../record/cluster-recorder') = require('../record/cluster-recorder')
  const authorization = apiKey === undefined || apiKey === '' ? undefined : `ApiKey ${apiKey}`
  const { url, file } = recording
  return startRecorder(
    { url, authorization, ca },
    { file, redaction: redact, maxRows, repeats, clock: untouchedClock },
  )
}

/** Ends a recording, and says what is not in it. */
export async function endRecording(recorder: ClusterRecorder): Promise<void> {
  await recorder.close()
  const { recording } = recorder
  if (recording.hasLeftOut) printOnConsole('warn', `express-esql-async-query: ${recording.summary}`)
}
