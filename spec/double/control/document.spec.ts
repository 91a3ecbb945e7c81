import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { controlDocument } from '../../../lib/double/control/document'
import { DOCUMENT_FILE } from '../../support/double-control'

it('is what double-control.yaml holds; `npm run build` writes it', () => {
  expect(parse(readFileSync(DOCUMENT_FILE, 'utf8'))).toEqual(JSON.parse(JSON.stringify(controlDocument())))
})
