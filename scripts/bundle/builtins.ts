import { builtinModules, isBuiltin } from 'node:module'
import type { OnLoadResult, Plugin } from 'esbuild'

/** Functions behind which much is loaded (TLS, sockets of other kinds) that most starts never need. */
const LATE: Record<string, readonly string[]> = { https: ['createServer'], child_process: ['fork', 'spawn'] }

/**
 * Takes what is imported of Node.js's own modules by `process.getBuiltinModule`. An import statement reads every export
 * of such a module, and those of node:http and node:https are in part getters behind which the whole of Node's own
 * `fetch` is loaded: 40 ms of CPU and 13 MiB at each start, for nothing.
 */
export function builtins(): Plugin {
  return {
    name: 'builtins',
    setup(build) {
      build.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) => {
        if (!isBuiltin(path)) return undefined
        const name = path.replace(/^node:/, '')
        if (kind === 'import-statement') return { path: name, namespace: 'builtin', sideEffects: false }
        return name === 'assert' ? { path: name, namespace: 'assertion' } : undefined
      })
      build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => face(path))
      build.onLoad({ filter: /.*/, namespace: 'assertion' }, assertion)
    },
  }
}

const idOf = (name: string): string => JSON.stringify(builtinModules.includes(name) ? name : `node:${name}`)
const namesOf = (value: object): string[] =>
  Object.getOwnPropertyNames(value).filter((name) => /^[A-Za-z_]\w*$/.test(name) && name !== 'default')

/** A module with the same exports, each of which is dropped where nobody imports it. */
function face(name: string): OnLoadResult {
  const names = namesOf(process.getBuiltinModule(JSON.parse(idOf(name))) as object)
  const module = `process.getBuiltinModule(${idOf(name)})`
  const late = LATE[name]
  const lines =
    late === undefined
      ? [
          `const all = ${module}`,
          'export default all',
          ...names.map((key) => `const $${key} = /* @__PURE__ */ (() => all.${key})()\nexport { $${key} as ${key} }`),
        ]
      : // Nothing else of these is exported by name: an import of it is a fault of the build.
        [
          `export default /* @__PURE__ */ new Proxy({}, { get: (_, name) => ${module}[name] })`,
          ...late.map((key) => `export const ${key} = (...args) => ${module}.${key}(...args)`),
        ]
  return { contents: lines.join('\n'), loader: 'js' }
}

/** For packages: `assert` that loads the real one, which is large, when it has something to say. */
function assertion(): OnLoadResult {
  const real = 'process.getBuiltinModule("assert")'
  const plain = ['length', 'name', 'prototype', 'ok']
  const names = namesOf(process.getBuiltinModule('assert')).filter((name) => !plain.includes(name))
  const getters = names.map((name) => `get ${name}() { return ${real}.${name} },`)
  const contents = `
    function assert(value, ...rest) { if (!value) ${real}(value, ...rest) }
    Object.defineProperties(assert, Object.getOwnPropertyDescriptors({ ${getters.join(' ')} }))
    assert.ok = assert
    module.exports = assert`
  return { contents, loader: 'js' }
}
