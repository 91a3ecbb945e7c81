import { h } from './dom.js'

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\((https:[^)\s]+)\)/g

/** The paragraphs and lists of a description. */
export function prose(text = '') {
  return text
    .trim()
    .split(/\n\s*\n/)
    .filter((block) => block !== '')
    .map((block) => (block.startsWith('- ') ? list(block) : h('p', {}, ...inline(block))))
}

/** `code`, **strong** and links within a line. */
export function inline(text) {
  const parts = []
  let end = 0
  for (const { 0: whole, index, 1: code, 2: strong, 3: label, 4: href } of text.matchAll(INLINE)) {
    parts.push(text.slice(end, index))
    if (code !== undefined) parts.push(h('code', {}, code))
    else if (strong !== undefined) parts.push(h('strong', {}, strong))
    else parts.push(h('a', { href, rel: 'noreferrer', target: '_blank' }, label))
    end = index + whole.length
  }
  return [...parts, text.slice(end)]
}

function list(block) {
  const items = block.split(/\n?^- /m).filter((item) => item !== '')
  return h('ul', {}, ...items.map((item) => h('li', {}, ...inline(item))))
}
