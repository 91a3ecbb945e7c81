import type { Check } from './check'
import { DOCUMENT } from './checks/document'
import { ERRORS } from './checks/errors'
import { FORMATS } from './checks/formats'
import { LIFE } from './checks/life'
import { OWNERS } from './checks/owners'
import { WIRE } from './checks/wire'

/** Every check, in the order in which they are asked. `document` comes last: it looks at the answers of all. */
export const CHECKS: readonly Check[] = [...WIRE, ...LIFE, ...OWNERS, ...FORMATS, ...ERRORS, ...DOCUMENT]
