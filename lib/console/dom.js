const SVG = 'http://www.w3.org/2000/svg'

/** An HTML element. Texts become text nodes, so that no value can become markup. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children)
}

/** An SVG element. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children)
}

/** An icon of `index.html`. */
export function icon(name) {
  return svg('svg', { class: 'icon', 'aria-hidden': 'true' }, svg('use', { href: `#icon-${name}` }))
}

export function byId(id) {
  return document.getElementById(id)
}

/** Puts `children` in the place of what an element holds. */
export function replace(element, ...children) {
  element.replaceChildren(...present(children))
}

/** Sets a text only where it differs, so that nothing is drawn or read out again for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === false) continue
    if (typeof value === 'function') element.addEventListener(name, value)
    else element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...present(children))
  return element
}

function present(children) {
  return children.flat().filter((child) => child !== undefined && child !== null && child !== false)
}
