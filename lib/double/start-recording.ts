import { untouchedClock } from '../core/clock'
import { printOnConsole } from '../core/logger'
import { withScheme } from '../core/with-scheme'
import type { ClusterRecorder } from '../record/cluster-recorder'
import type { ResolvedRecord } from './record-options'

/** The recorder of a double, if it records. Rejects with an error that says why the cluster cannot be asked. */
export async function startRecording(
  { recording, apiKey = '', ca, redact, maxRows, repeats }: ResolvedRecord,
  onProgress: (line: string) => void = warnOfLeftOut,
): Promise<ClusterRecorder | undefined> {
  if (!recording) return undefined
  // Few doubles record, and none of the others should load this.
  const { startRecorder }: typeof import('../record/cluster-recorder') = require('../record/cluster-recorder')
  const authorization = apiKey === '' ? undefined : withScheme('ApiKey', apiKey)
  const { url, file } = recording
  return startRecorder(
    { url, authorization, ca },
    { file, redaction: redact, maxRows, repeats, clock: untouchedClock, onProgress },
  )
}

/** In tests, what is recorded is no news. */
function warnOfLeftOut(line: string): void {
  if (!line.startsWith('recorded')) printOnConsole('warn', `express-esql-async-query: ${line}`)
}
