const { writeFileSync } = require('node:fs')
const path = require('node:path')
// What the compiler has written.
const { catalogueSchema } = require('../dist/catalogue/format.js')

const SCHEMA = path.join(__dirname, '..', 'catalogue.schema.json')

writeFileSync(SCHEMA, `${JSON.stringify(catalogueSchema(), null, 2)}\n`)
