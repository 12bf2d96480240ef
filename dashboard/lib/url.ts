/** Where the page is: `#/requests?model=x`. Filters live here, so that a view can be kept, sent and gone back to. */
import { createStore, useStore } from './store.ts'

export interface Place {
  /** `/`, `/requests`. */
  path: string
  params: Readonly<Record<string, string>>
}

function read(): Place {
  const text = location.hash.replace(/^#/, '') || '/'
  const at = text.indexOf('?')
  const path = at === -1 ? text : text.slice(0, at)
  const params = Object.fromEntries(new URLSearchParams(at === -1 ? '' : text.slice(at + 1)))
  return { path: path.startsWith('/') ? path : '/', params }
}

const place = createStore<Place>(read())
addEventListener('hashchange', () => place.set(read()))
addEventListener('popstate', () => place.set(read()))

export function usePlace(): Place {
  return useStore(place)
}

/** The hash of a place, for links. */
export function hrefOf(path: string, params: Readonly<Record<string, string | undefined>> = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) if (value !== undefined && value !== '') query.set(name, value)
  return query.size === 0 ? `#${path}` : `#${path}?${query}`
}

/** Changes parameters where we are; undefined takes one away. `replace`: without a step in the history. */
export function setParams(changes: Readonly<Record<string, string | undefined>>, replace = true): void {
  const now = place.get()
  const href = hrefOf(now.path, { ...now.params, ...changes })
  history[replace ? 'replaceState' : 'pushState'](null, '', href)
  place.set(read())
}

export function go(path: string, params: Readonly<Record<string, string | undefined>> = {}): void {
  location.hash = hrefOf(path, params).slice(1)
}
