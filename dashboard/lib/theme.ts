/** Dark, light, or what the system says; kept in this browser. */
import { createStore } from './store.ts'

export type Theme = 'system' | 'light' | 'dark'
const KEY = 'logicaproxy-theme'

function kept(): Theme {
  try {
    const value = localStorage.getItem(KEY)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}

export const theme = createStore<Theme>(kept())

export function setTheme(next: Theme): void {
  theme.set(next)
  const root = document.documentElement
  if (next === 'system') delete root.dataset['theme']
  else root.dataset['theme'] = next
  try {
    if (next === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, next)
  } catch {
    // Without storage the choice holds for this page alone.
  }
}
