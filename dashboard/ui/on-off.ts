/** Turning something on and off: one menu item, and a toast that can take it back. */
import type { MenuItem } from './overlay.tsx'
import { attempt } from './toast.tsx'

/** @param set does it; `off` is the state to come. */
export function turn(name: string, off: boolean, set: (off: boolean) => Promise<unknown>): void {
  void attempt(
    () => set(off),
    `${name} is ${off ? 'off' : 'on'}.`,
    () => set(!off),
  )
}

/** @param isOff how it stands now. */
export const onOff = (name: string, isOff: boolean, set: (off: boolean) => Promise<unknown>): MenuItem =>
  isOff
    ? { label: 'Turn on', icon: 'play', onPick: () => turn(name, false, set) }
    : { label: 'Turn off', icon: 'off', onPick: () => turn(name, true, set) }
