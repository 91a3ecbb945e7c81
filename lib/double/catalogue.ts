import { existsSync } from 'node:fs'
import { readCatalogue } from '../catalogue/read-catalogue'
import { readWritten } from '../record/catalogue-file'
import type { Redaction } from '../record/redaction'
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
  if (file === undefined || isUnread)
    return new CatalogueBook([], keepsDelays, redactorFor(undefined, redact))
  return new CatalogueBook(readCatalogue(file).entries, keepsDelays, redactorFor(file, redact))
}

/** Hashes need the salt of the file. */
function redactorFor(file: string | undefined, redact: Redaction | undefined): Redactor {
  const { salt } = redact && file !== undefined ? readWritten(file).recorded : {}
  return new Redactor(redact, typeof salt === 'string' ? salt : '')
}
