import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ElasticsearchStore, newSealingKey } from 'express-esql-async-query'
import { systemClock } from '../../lib/core/clock'
import type { RecordingOptions } from '../../lib/record/recording'
import { Recording } from '../../lib/record/recording'
import { RecordingStore } from '../../lib/record/recording-store'
import { SERVICE_ACCOUNT } from './cluster'

/** A folder for one catalogue and what stands beside it. */
export class RecordingFolder {
  readonly path = mkdtempSync(path.join(tmpdir(), 'recording-'))
  readonly file = path.join(this.path, 'queries.json')

  get text(): string {
    return readFileSync(this.file, 'utf8')
  }

  /** What the catalogue says. */
  get queries(): Record<string, unknown>[] {
    return JSON.parse(this.text).queries
  }

  /** The names of all files, in their folders. */
  get names(): string[] {
    const all = readdirSync(this.path, { recursive: true, withFileTypes: true })
    return all
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.path, path.join(entry.parentPath, entry.name)))
      .sort()
  }

  /** Every byte, names included. */
  get bytes(): string {
    return this.names.map((name) => `${name}\n${readFileSync(path.join(this.path, name), 'utf8')}`).join('\n')
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** A recorder in front of a cluster, without HTTP on the near side. */
export interface Recorder {
  readonly store: RecordingStore
  readonly recording: Recording
  readonly progress: string[]
  /** Ends the recording, and gives its summary. */
  close(): Promise<string>
}

export function startRecorder(
  clusterUrl: string,
  file: string,
  { clock = systemClock, ...options }: Partial<RecordingOptions> = {},
): Recorder {
  const headers = { authorization: SERVICE_ACCOUNT.authorization }
  const behind = new ElasticsearchStore({ url: clusterUrl, headers, sealingKeys: [newSealingKey()] })
  const progress: string[] = []
  const recording = new Recording({ file, clock, onProgress: (line) => progress.push(line), ...options })
  const store = new RecordingStore(behind, recording, clock)
  return {
    store,
    recording,
    progress,
    async close() {
      await store.close()
      await behind.close()
      return recording.summary
    },
  }
}

/** In CI a double does not record. Returns what leads back there. */
export function leaveCi(): () => void {
  const { CI } = process.env
  delete process.env.CI
  return () => {
    if (CI === undefined) delete process.env.CI
    else process.env.CI = CI
  }
}
