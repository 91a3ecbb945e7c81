import { existsSync } from 'node:fs'
import { readCatalogue } from '../catalogue/read-catalogue'
import { readWritten, saltOf } from '../record/catalogue-file'
import { Redactor } from '../record/redaction'
import type { ResolvedRecord } from './record-options'
import { CatalogueBook } from './scripts/catalogue-book'

/** The answers of a double that stand in a file. One that records everything anew has none. */
export function openCatalogue(
  file: string | undefined,
  { recording, redact }: ResolvedRecord,
  keepsDelays: boolean,
): CatalogueBook {
  const isUnread = recording && (recording.mode === 'update' || !existsSync(recording.file))
  if (file === undefined || isUnread) return new CatalogueBook([], keepsDelays, new Redactor(undefined, ''))
  // Hashes need the salt of the file.
  const salt = redact && saltOf(readWritten(file))
  return new CatalogueBook(readCatalogue(file).entries, keepsDelays, new Redactor(redact, salt ?? ''))
}
