import { h } from './dom.js'
import { inline } from './prose.js'

/** Follows references into the document. */
export class Document {
  constructor(document) {
    this.root = document
  }

  resolve(node) {
    let found = node
    while (typeof found?.$ref === 'string') {
      const names = found.$ref
        .split('/')
        .slice(1)
        .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
      found = names.reduce((parent, name) => parent?.[name], this.root)
    }
    return found ?? {}
  }
}

const nameOf = (node) => node?.$ref?.split('/').at(-1)

/** The type of a schema in a few words. */
export function typeText(document, node) {
  const schema = document.resolve(node)
  const words = schema.oneOf ?? schema.anyOf
  if (words && !schema.type) return [...new Set(words.map((word) => typeText(document, word)))].join(' or ')
  if (schema.type === 'array') return `${typeText(document, schema.items ?? {})}[]`
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  return schema.type ?? nameOf(node) ?? 'any'
}

/** The fields of a schema. What lies deeper is made when somebody opens it, so that circles do no harm. */
export function schemaView(document, node) {
  const fields = fieldsOf(document, node)
  const variants = variantsOf(document, node)
  if (fields.length + variants.length === 0) return h('p', { class: 'type' }, typeText(document, node))
  const list = h('ul', { class: 'fields' }, ...fields.map((field) => fieldView(document, field)))
  return h(
    'div',
    {},
    fields.length > 0 && list,
    ...variants.map((variant, at) => variantView(document, variant, at)),
  )
}

/** One of several schemas, of which a value has one. */
function variantView(document, variant, at) {
  const name = document.resolve(variant).title ?? nameOf(variant) ?? typeText(document, variant)
  const box = h(
    'details',
    { class: 'variant' },
    h('summary', {}, at === 0 ? 'Either ' : 'Or ', h('code', {}, name)),
  )
  box.addEventListener('toggle', () => box.append(schemaView(document, variant)), { once: true })
  return box
}

/** What holds for one field. */
function fieldView(document, { name, node, isRequired }) {
  const schema = document.resolve(node)
  const inner = schema.type === 'array' ? schema.items : node
  const head = [
    h('code', { class: 'field-name' }, name),
    h('span', { class: 'type' }, typeText(document, node)),
    isRequired && h('span', { class: 'required' }, 'required'),
  ]
  const about = (schema.description ?? '').trim().replaceAll(/\s*\n\s*/g, ' ')
  const text = about && h('p', {}, ...inline(about))
  const isPlain = fieldsOf(document, inner).length + variantsOf(document, inner).length === 0
  if (isPlain) return h('li', {}, h('div', { class: 'field' }, ...head), text)
  const more = h('details', {}, h('summary', {}, ...head))
  more.addEventListener('toggle', () => more.append(schemaView(document, inner)), { once: true })
  return h('li', {}, more, text)
}

/** The schemas with fields of which a value has one. */
function variantsOf(document, node) {
  const { oneOf, anyOf } = document.resolve(node)
  const hasFields = (variant) => fieldsOf(document, variant).length + variantsOf(document, variant).length > 0
  return (oneOf ?? anyOf ?? []).filter(hasFields)
}

/** The fields that every value has, those of its parts included. */
function fieldsOf(document, node) {
  const { properties = {}, required = [], allOf = [] } = document.resolve(node)
  const own = Object.entries(properties).map(([name, property]) => {
    return { name, node: property, isRequired: required.includes(name) }
  })
  const all = [...own, ...allOf.flatMap((part) => fieldsOf(document, part))]
  return all.filter((field, at) => all.findIndex(({ name }) => name === field.name) === at)
}
