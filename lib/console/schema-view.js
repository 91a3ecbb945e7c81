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
  if (fields.length === 0) return h('p', { class: 'type' }, typeText(document, node))
  return h('ul', { class: 'fields' }, ...fields.map((field) => fieldView(document, field)))
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
  if (fieldsOf(document, inner).length === 0) return h('li', {}, h('div', { class: 'field' }, ...head), text)
  const more = h('details', {}, h('summary', {}, ...head))
  more.addEventListener('toggle', () => more.append(schemaView(document, inner)), { once: true })
  return h('li', {}, more, text)
}

function fieldsOf(document, node, seen = new Set()) {
  const schema = document.resolve(node)
  if (seen.has(schema)) return []
  seen.add(schema)
  const own = Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    node: property,
    isRequired: schema.required?.includes(name) ?? false,
  }))
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]
  const inherited = parts.flatMap((part) => fieldsOf(document, part, seen))
  const all = [...own, ...inherited]
  return all.filter((field, at) => all.findIndex(({ name }) => name === field.name) === at)
}
