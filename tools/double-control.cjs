const { writeFileSync } = require('node:fs')
const path = require('node:path')
const { stringify } = require('yaml')
// What the compiler has written.
const { controlDocument } = require('../dist/double/control/document.js')

const DOCUMENT = path.join(__dirname, '..', 'double-control.yaml')

writeFileSync(DOCUMENT, stringify(controlDocument(), { aliasDuplicateObjects: false, lineWidth: 120 }))
