/** The few pages a browser sees at the end of a login: self-contained, without scripts, everything escaped. */
import { createHash } from 'node:crypto'

export interface Page {
  status: number
  title: string
  /** What happened, and what to do: plain text, a paragraph each. */
  paragraphs: readonly string[]
}

const STYLE = `
:root { color-scheme: light dark }
body { font: 17px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 14vh auto 0; padding: 0 1.5rem }
h1 { font-size: 1.5rem; margin: 0 0 .75rem }
p { margin: 0 0 .75rem }
footer { margin-top: 2.5rem; opacity: .6; font-size: .85rem }
`

const styleHash = createHash('sha256').update(STYLE).digest('base64')

/** Nothing may be loaded, sent, framed or run; the style is allowed by its hash. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox`,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  // The address holds a code.
  'cache-control': 'no-store',
  connection: 'close',
}

/** The page as HTML. */
export function renderPage(page: Page): string {
  const paragraphs = page.paragraphs.map((p) => `<p>${escaped(p)}</p>`).join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(page.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(page.title)}</h1>
${paragraphs}
</main>
<footer>LogicaProxy, on your own machine</footer>
</body>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => ENTITIES[c]!)
}
