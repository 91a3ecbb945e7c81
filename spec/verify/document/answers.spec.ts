import { readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(__dirname, '..', '..', '..')
const {
  answerDocument,
}: { answerDocument: (yaml: string) => string } = require('../../../tools/request-document.cjs')

describe('api-answers.json', () => {
  it('equals what `npm run build` makes of api-spec.yaml', () => {
    const written = readFileSync(path.join(ROOT, 'lib', 'verify', 'document', 'api-answers.json'), 'utf8')
    expect(written).toBe(answerDocument(readFileSync(path.join(ROOT, 'api-spec.yaml'), 'utf8')))
  })
})
