/** How the page is seen beside its views at rest: waiting, refused, gone, crowded, with something open. */
import type { Page } from 'playwright-core'
import type { Crowd } from './crowds.ts'
import type { DevServer } from './server.ts'

export interface State {
  name: string
  path: string
  crowd?: Crowd
  signedIn?: boolean
  /** Before the page is opened. */
  before?: (server: DevServer, page: Page) => unknown
  /** In the page. */
  act?: (page: Page, server: DevServer) => Promise<unknown>
  /** Only what is in sight, for what lies above the page. */
  inSight?: boolean
}

const api = '**/v0/management/'
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click()
const OVER = { inSight: true } as const
const DASH = '/dashboard/#'
const PANEL = '/management.html#'

export const STATES: readonly State[] = [
  { name: 'sign-in', path: `${DASH}/`, signedIn: false, ...OVER },
  {
    name: 'sign-in-refused',
    path: `${DASH}/`,
    signedIn: false,
    ...OVER,
    act: async (page) => {
      await page.getByLabel('Admin token').fill('wrong')
      await page.keyboard.press('Enter')
      await page.locator('.fault').waitFor()
    },
  },
  {
    name: 'loading',
    path: `${DASH}/`,
    ...OVER,
    before: (_, page) => page.route(`${api}status`, () => new Promise(() => {})),
  },
  {
    name: 'loading-keys',
    path: `${PANEL}/keys`,
    ...OVER,
    before: (_, page) => page.route(`${api}keys`, () => new Promise(() => {})),
  },
  ...(['usage', 'requests', 'models', 'providers'] as const).map((view) => ({
    name: `error-${view}`,
    path: `${DASH}/${view}`,
    ...OVER,
    before: (_: DevServer, page: Page) =>
      page.route(/\/v0\/management\/(usage|models|providers)/, (route) =>
        route.fulfill({
          status: 503,
          json: {
            error: { code: 'store', message: 'The usage store does not answer: SQLITE_FULL. Free some space on /var.' },
          },
        }),
      ),
  })),
  {
    name: 'gateway-gone',
    path: `${DASH}/`,
    ...OVER,
    act: async (page, server) => {
      server.away(true)
      await page.getByText('does not answer').first().waitFor()
    },
  },
  { name: 'crowd', path: `${DASH}/`, crowd: 'crowd' },
  { name: 'crowd-panel', path: `${PANEL}/`, crowd: 'crowd', ...OVER },
  { name: 'hard', path: `${DASH}/`, crowd: 'hard' },
  { name: 'hard-usage', path: `${DASH}/usage?by=account`, crowd: 'hard' },
  { name: 'hard-requests', path: `${DASH}/requests`, crowd: 'hard', ...OVER },
  { name: 'all-resting', path: `${DASH}/`, crowd: 'resting', ...OVER },
  {
    name: 'request-drawer',
    path: `${DASH}/requests?failure=any`,
    ...OVER,
    act: async (page) => {
      await page.locator('.open').first().click()
      await page.getByRole('heading', { name: 'Timeline' }).waitFor()
    },
  },
  { name: 'model-drawer', path: `${DASH}/models?model=claude-opus-4-6`, ...OVER },
  {
    name: 'no-match',
    path: `${DASH}/requests?clientKey=nobody`,
    ...OVER,
  },
  {
    name: 'more-filters',
    path: `${DASH}/requests?category=code`,
    ...OVER,
  },
  {
    name: 'router-decided',
    path: `${DASH}/router`,
    act: async (page) => {
      await press(page, /async\/await/)
      await press(page, 'This is wrong')
    },
  },
  {
    name: 'tested',
    path: `${DASH}/connection`,
    act: async (page) => {
      for (let i = 0; i < 12; i += 1) await press(page, 'Ping')
      await press(page, 'Send test request')
      await page.getByText('It works').waitFor()
    },
  },
  {
    name: 'chart-hover',
    path: `${DASH}/?range=24h`,
    ...OVER,
    act: async (page) => {
      const box = (await page.locator('.chart svg').first().boundingBox())!
      await page
        .locator('.chart svg')
        .first()
        .hover({ position: { x: box.width * 0.6, y: 60 } })
    },
  },
  { name: 'account-menu', path: `${PANEL}/`, ...OVER, act: (page) => press(page, /^Actions for a\.very/) },
  { name: 'session-menu', path: `${DASH}/`, ...OVER, act: (page) => press(page, 'Session') },
  {
    name: 'new-link',
    path: `${DASH}/`,
    ...OVER,
    act: async (page) => {
      await press(page, 'Session')
      await page.getByRole('menuitem').first().click()
      await page.locator('.secret').waitFor()
    },
  },
  { name: 'login-choose', path: `${PANEL}/`, ...OVER, act: (page) => press(page, 'Log in') },
  {
    name: 'login-start',
    path: `${DASH}/`,
    ...OVER,
    act: (page) => press(page, 'Log in jon@example.com'),
  },
  {
    name: 'login-running',
    path: `${DASH}/`,
    ...OVER,
    act: async (page) => {
      await press(page, 'Log in jon@example.com')
      await page.getByLabel('I have read this').check()
      await press(page, 'Start login')
      await page.getByText('Open this address').waitFor()
    },
  },
  { name: 'import', path: `${PANEL}/`, ...OVER, act: (page) => press(page, 'Import') },
  {
    name: 'account-settings',
    path: `${PANEL}/`,
    ...OVER,
    act: async (page) => {
      await press(page, 'Actions for mara@example.com')
      await page.getByRole('menuitem', { name: 'Settings' }).click()
    },
  },
  {
    name: 'account-details',
    path: `${PANEL}/`,
    ...OVER,
    act: async (page) => {
      await press(page, /^Actions for a\.very/)
      await page.getByRole('menuitem', { name: 'Details' }).click()
    },
  },
  {
    name: 'account-remove',
    path: `${PANEL}/`,
    ...OVER,
    act: async (page) => {
      await press(page, 'Actions for mara@example.com')
      await page.getByRole('menuitem', { name: 'Remove' }).click()
    },
  },
  {
    name: 'key-form',
    path: `${PANEL}/keys`,
    ...OVER,
    act: async (page) => {
      await press(page, 'New key')
      await page.getByLabel('Name').fill('ci')
      await press(page, 'Make key')
      await page.locator('.fault').waitFor()
    },
  },
  {
    name: 'key-shown',
    path: `${PANEL}/keys`,
    ...OVER,
    act: async (page) => {
      await press(page, 'New key')
      await page.getByLabel('Name').fill('tablet')
      await press(page, 'Make key')
      await page.locator('.secret').waitFor()
    },
  },
  {
    name: 'config-fault',
    path: `${PANEL}/config`,
    act: async (page) => {
      await write(page, (text) => text.replace('most-quota-left', 'best'))
      await page.locator('.gutter [data-fault="true"]').waitFor()
    },
  },
  {
    name: 'config-diff',
    path: `${PANEL}/config`,
    ...OVER,
    act: async (page) => {
      await write(page, (text) => text.replace('most-quota-left', 'fill-first').replace('port: 8317', 'port: 9000'))
      await press(page, 'Review and save')
    },
  },
  {
    name: 'config-open',
    path: `${PANEL}/config`,
    act: async (page) => {
      await page.locator('summary', { hasText: /^Routing/ }).click()
      await page.locator('summary', { hasText: 'ai-router' }).first().click()
    },
  },
  { name: 'config-history', path: `${PANEL}/config`, ...OVER, act: (page) => press(page, 'History') },
  {
    name: 'log-line',
    path: `${PANEL}/logs`,
    ...OVER,
    act: (page) => page.locator('.open').first().click(),
  },
  {
    name: 'toast-undo',
    path: `${PANEL}/`,
    ...OVER,
    act: async (page) => {
      await press(page, 'Actions for mara@example.com')
      await page.getByRole('menuitem', { name: 'Turn off' }).click()
      await page.getByText('is off.').first().waitFor()
    },
  },
  {
    name: 'focus',
    path: `${DASH}/`,
    ...OVER,
    act: async (page) => {
      for (let i = 0; i < 4; i += 1) await page.keyboard.press('Tab')
    },
  },
  { name: 'not-there', path: `${DASH}/nowhere`, ...OVER },
]

/** Changes the text of the config in its source. */
async function write(page: Page, change: (text: string) => string): Promise<void> {
  await page.getByRole('radio', { name: 'Source', exact: true }).click()
  const source = page.getByLabel('Config as YAML')
  await source.fill(change(await source.inputValue()))
}
