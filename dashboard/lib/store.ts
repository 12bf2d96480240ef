/** A value that components can watch. */
import { useEffect, useState } from 'preact/hooks'

export interface Store<T> {
  get(): T
  set(next: T | ((now: T) => T)): void
  watch(listener: () => void): () => void
}

export function createStore<T>(first: T): Store<T> {
  let value = first
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      const then = typeof next === 'function' ? (next as (now: T) => T)(value) : next
      if (Object.is(then, value)) return
      value = then
      for (const listener of [...listeners]) listener()
    },
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The value, and a new rendering whenever it changes. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.get())
  useEffect(() => {
    setValue(() => store.get())
    return store.watch(() => setValue(() => store.get()))
  }, [store])
  return value
}
