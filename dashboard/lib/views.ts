/** The places of both pages: the navigation, the titles, and which page holds them. */
import type { IconName } from '../ui/icon.tsx'

export type Page = 'dashboard' | 'panel'
export interface ViewEntry {
  page: Page
  path: string
  title: string
  icon: IconName
}

export const VIEWS: readonly ViewEntry[] = [
  { page: 'dashboard', path: '/', title: 'Overview', icon: 'overview' },
  { page: 'dashboard', path: '/requests', title: 'Requests', icon: 'requests' },
  { page: 'dashboard', path: '/usage', title: 'Usage', icon: 'usage' },
  { page: 'dashboard', path: '/models', title: 'Models', icon: 'models' },
  { page: 'dashboard', path: '/router', title: 'Router', icon: 'router' },
  { page: 'dashboard', path: '/providers', title: 'Providers', icon: 'providers' },
  { page: 'dashboard', path: '/connection', title: 'Connection', icon: 'connection' },
  { page: 'dashboard', path: '/api', title: 'API reference', icon: 'book' },
  { page: 'panel', path: '/', title: 'Accounts', icon: 'accounts' },
  { page: 'panel', path: '/keys', title: 'Client keys', icon: 'key' },
  { page: 'panel', path: '/config', title: 'Config', icon: 'config' },
  { page: 'panel', path: '/models', title: 'Models and aliases', icon: 'swap' },
  { page: 'panel', path: '/routing', title: 'Routing', icon: 'router' },
  { page: 'panel', path: '/logs', title: 'Logs', icon: 'logs' },
  { page: 'panel', path: '/audit', title: 'Audit and sessions', icon: 'audit' },
  { page: 'panel', path: '/doctor', title: 'Doctor', icon: 'doctor' },
]

const FILES: Record<Page, string> = { dashboard: '/dashboard/', panel: '/management.html' }

/** Which page this is: the server puts one bundle behind both. */
export const page: Page = document.body.dataset['page'] === 'panel' ? 'panel' : 'dashboard'

/** A link to a view of either page. */
export function linkTo(to: Page, hash: string): string {
  return to === page ? hash : `${FILES[to]}${hash}`
}
