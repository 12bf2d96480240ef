/**
 * What axe finds wrong with a page as it stands. The wrapper of its makers opens a second page for each run and sends the
 * whole library anew: a look at one view took three seconds. Here the library comes once per document.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const require = createRequire(import.meta.url)
let source: string | undefined

interface Violation {
  id: string
  nodes: { target: string[] }[]
}

/** The rules of axe that read colours: all that another colour scheme can break in the same document. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']

/**
 * @param colours only what depends on the colour scheme.
 * @returns one line a fault: `color-contrast: .pill, .tag`. Empty: axe has nothing to say.
 */
export async function faultsOf(page: Page, colours = false): Promise<string[]> {
  if ((await page.evaluate("typeof window.axe === 'object'")) !== true) {
    // Of the wrapper's own version: it is the one the project depends on.
    source ??= readFileSync(
      createRequire(require.resolve('@axe-core/playwright')).resolve('axe-core/axe.min.js'),
      'utf8',
    )
    await page.evaluate(source)
  }
  const violations = (await page.evaluate(
    `axe.run(document, ${JSON.stringify({ resultTypes: ['violations'], ...(colours && { runOnly: COLOUR_RULES }) })}).then((r) => r.violations.map((v) => ({ id: v.id, nodes: v.nodes.map((n) => ({ target: n.target })) })))`,
  )) as Violation[]
  return violations.map(
    (v) =>
      `${v.id}: ${v.nodes
        .slice(0, 3)
        .map((n) => n.target.join(' '))
        .join(', ')}`,
  )
}
