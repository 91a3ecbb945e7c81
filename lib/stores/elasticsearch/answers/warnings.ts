/** A warning as a cluster sends it, whether its header lines have been joined or not. */
const WARNING = /\b299 Elasticsearch-\S+ "((?:[^"\\]|\\.)*)"/g

/** The texts in the `Warning` headers of an answer, as they were before the cluster escaped them. */
export function readWarnings(header: string | readonly string[] = []): string[] {
  return [header]
    .flat()
    .flatMap((line) => Array.from(line.matchAll(WARNING), ([, text = '']) => textOf(text)))
}

function textOf(escaped: string): string {
  return escaped
    .replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'))
    .replace(/\\(.)/gs, '$1')
}
