/** Starts the page: who is signed in, then the views. */
import { render } from 'preact'
import { App } from './app.tsx'

const root = document.getElementById('app')!
root.textContent = ''
render(<App />, root)
