/**
 * The names of the DOM that the types of playwright-core have. The compiler's own library would give `lib/` names that Node.js
 * does not have.
 */
type Node = object
type HTMLElement = object
type SVGElement = object
type HTMLElementTagNameMap = Record<string, HTMLElement>
