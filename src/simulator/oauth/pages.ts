/** Pages for people: consent, device codes, codes to copy. */

import type { Reply } from '../exchange.ts'
import { BUILT_IN } from '../persons.ts'

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text that is safe anywhere in HTML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => ENTITIES[c]!)
}

/** A page; nothing in it runs and nothing is fetched. */
export function page(status: number, title: string, body: string): Reply {
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)} (simulated)</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#222;background:#fff}
button,input{font:inherit;padding:.4rem .8rem;margin:.2rem}code{background:#eee;padding:.2rem .4rem;overflow-wrap:anywhere}</style></head>
<body><h1>${escaped(title)}</h1>
<p>A stand-in on this machine, made by LogicaProxy. No real vendor is behind it; never type a real password here.</p>
${body}</body></html>`
  return {
    status,
    headers: {
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    },
    body: html,
  }
}

/** Why nothing can be done here. */
export function faultPage(status: number, title: string, why: string): Reply {
  return page(status, title, `<p id="error">${escaped(why)}</p>`)
}

/** A form that sends everything it was given back, with the name of a person. */
function choice(query: URLSearchParams, label: string): string {
  const kept = [...query]
    .filter(([name]) => name !== 'auto' && name !== 'deny')
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join('')
  const people = BUILT_IN.map((p) => `<button name="auto" value="${p}">${label} ${p}</button>`).join('')
  return `<form method="get">${kept}${people}<button name="deny" value="1">Refuse</button></form>
<form method="get">${kept}<label>Somebody else <input name="auto" pattern="[a-z][a-z0-9\\-]*" required></label><button>Go on</button></form>`
}

/** Who logs in, and to what. */
export function consentPage(vendor: string, scopes: readonly string[], query: URLSearchParams): Reply {
  const list = scopes.map((s) => `<li><code>${escaped(s)}</code></li>`).join('')
  return page(200, `Sign in to ${vendor}`, `<p>The program asks for:</p><ul>${list}</ul>${choice(query, 'Go on as')}`)
}

/** The page on which a device's code is confirmed. */
export function devicePage(vendor: string, userCode: string): Reply {
  const body = userCode
    ? `<p>Code <code>${escaped(userCode)}</code></p>${choice(new URLSearchParams({ user_code: userCode }), 'Confirm as')}`
    : '<form method="get"><label>Code shown by the program <input name="user_code" required></label><button>Go on</button></form>'
  return page(200, `Connect a device to ${vendor}`, body)
}
