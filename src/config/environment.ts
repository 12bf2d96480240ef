/** `${NAME}` and `${NAME:-default}` in the values of the config file. */
import type { Fault } from './faults.ts'
import { type Path, showPath, type Tree } from './read.ts'

const reference = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/**
 * Fills the variables into the values of the tree, in place. `$${NAME}` is the literal `${NAME}`. As in a shell, the
 * default also stands for a variable that is empty. An unset variable without a default is a fault.
 */
export function fillEnvironment(tree: Tree, env: NodeJS.ProcessEnv, faults: Fault[]): void {
  tree.value = fill(tree.value, [])

  function fill(value: unknown, path: Path): unknown {
    if (typeof value === 'string') return value.includes('${') ? fillText(value, path) : value
    if (typeof value !== 'object' || value === null) return value
    const entries = value as Record<string, unknown>
    for (const key of Object.keys(entries)) {
      entries[key] = fill(entries[key], [...path, Array.isArray(value) ? Number(key) : key])
    }
    return value
  }

  function fillText(text: string, path: Path): string {
    const spot = tree.spot(path)
    return text.replace(reference, (whole: string, name: string, fallback: string | undefined) => {
      if (whole.startsWith('$$')) return whole.slice(1)
      if (spot) spot.template = text
      const set = env[name]
      const value = fallback === undefined ? set : set || fallback
      if (value === undefined) {
        const message = `${showPath(path)} needs the environment variable ${name}, which is not set`
        faults.push({ ...tree.valuePlace(path), path: showPath(path), message })
      }
      return value ?? ''
    })
  }
}

/** Whether a text is one variable and nothing else, so that it may stand for a number or a switch. */
export function isOneVariable(template: string | undefined): boolean {
  return template !== undefined && /^\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\}$/.test(template.trim())
}
