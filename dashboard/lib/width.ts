/** How much room there is, in the steps of the style sheet. */
import { createStore, useStore } from './store.ts'

export type Width = 'narrow' | 'middle' | 'wide'

const narrow = matchMedia('(max-width: 560px)')
const middle = matchMedia('(max-width: 900px)')
const read = (): Width => (narrow.matches ? 'narrow' : middle.matches ? 'middle' : 'wide')
const width = createStore<Width>(read())
for (const query of [narrow, middle]) query.addEventListener('change', () => width.set(read()))

export const useWidth = (): Width => useStore(width)
