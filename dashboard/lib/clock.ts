/** One clock for all relative times of the page: it ticks each second, and stands still in a hidden tab. */
import { createStore, useStore } from './store.ts'

const second = createStore(Date.now())
const slow = createStore(Date.now())

setInterval(() => {
  if (document.visibilityState !== 'visible') return
  const now = Date.now()
  second.set(now)
  if (now - slow.get() > 9500) slow.set(now)
}, 1000)

/** ms since the epoch. `fine`: each second; otherwise each ten. */
export function useNow(fine = false): number {
  useStore(fine ? second : slow)
  // The tick says when to look, not what time it is: what has just come would else lie in the future.
  return Date.now()
}
