import { readFileSync } from 'node:fs'
import type { Plugin } from 'esbuild'

interface Face {
  /** Runs when the package is imported. */
  first?: string
  /** What it exports → what that is, evaluated at each use. */
  exports: Record<string, string>
}

/** Packages whose parts are loaded when they are first used, not when they are imported. */
const FACES: Record<string, Face> = {
  // Its index loads a `fetch`, WebSockets, caches and mocks besides, which we never use.
  undici: {
    first: `
      const Dispatcher = require('undici/lib/dispatcher/dispatcher')
      for (const name of ['request', 'stream', 'pipeline', 'upgrade', 'connect'])
        Dispatcher.prototype[name] = function (...args) {
          Object.assign(Dispatcher.prototype, require('undici/lib/api'))
          return this[name](...args)
        }`,
    exports: {
      Agent: "require('undici/lib/dispatcher/agent')",
      ProxyAgent: "require('undici/lib/dispatcher/proxy-agent')",
      Socks5ProxyAgent: "require('undici/lib/dispatcher/socks5-proxy-agent')",
      buildConnector: "require('undici/lib/core/connect')",
    },
  },
  // For the few who open a WebSocket.
  ws: { exports: { WebSocket: "require('ws')", WebSocketServer: "require('ws').WebSocketServer" } },
}

/** HTTP/2 is spoken to nobody: the one function of this module of undici's loads it, and node:http2, when it is called. */
const H2 = 'undici/lib/dispatcher/client-h2.js'

/** Puts such a face before a package. Whoever imports what a face lacks fails the build. */
export function lazily(root: string): Plugin {
  return {
    name: 'lazily',
    setup(build) {
      build.onResolve({ filter: /^(?:undici|ws)$/ }, ({ path, kind, importer }) => {
        if (kind !== 'import-statement') return undefined
        const lacking = importedFrom(path, readFileSync(importer, 'utf8')).filter((n) => !(n in FACES[path]!.exports))
        if (lacking.length === 0) return { path, namespace: 'lazy' }
        return { errors: [{ text: `scripts/bundle/lazily.ts lacks ${lacking.join(', ')} of ${path} (${importer})` }] }
      })
      build.onResolve({ filter: /^\.\/client-h2(?:\.js)?$/ }, () => ({ path: H2, namespace: 'lazy-call' }))
      build.onLoad({ filter: /.*/, namespace: 'lazy-call' }, ({ path }) => ({
        contents: `module.exports = (...args) => require('${path}')(...args)`,
        loader: 'js',
        resolveDir: root,
      }))
      build.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => {
        const { first = '', exports } = FACES[path]!
        const getters = Object.entries(exports).map(([name, is]) => `get ${name}() { return ${is} },`)
        return { contents: `${first}\nmodule.exports = { ${getters.join('\n')} }`, loader: 'js', resolveDir: root }
      })
    },
  }
}

/** The names that statements import from a package; one that takes the whole of it is said to import `*`. */
function importedFrom(name: string, text: string): string[] {
  const statements = text.matchAll(new RegExp(`^import (?!type )([^'"]+?) from '${name}'`, 'gm'))
  return [...statements].flatMap(([, what]) => {
    const list = /^\{(.*)\}$/s.exec(what!.trim())?.[1]
    if (list === undefined) return ['*']
    const names = list.split(',').map((one) => one.trim())
    return names.filter((one) => one !== '' && !one.startsWith('type ')).map((one) => one.split(' as ')[0]!)
  })
}
