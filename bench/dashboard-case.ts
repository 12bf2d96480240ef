/** The dashboard beside the road: what an open page costs requests, a hundred listeners, the first paint, long lists. */
import { get, type IncomingMessage } from 'node:http'
import type { Browser, Page } from 'playwright-core'
import { startBrowser, whyNoBrowser } from '../dashboard/testing/browser.ts'
import { startHelper } from './calls.ts'
import { type Candidate, gateway } from './candidates.ts'
import type { ClosedLoopResult } from './load.ts'
import { cpuNs, residentKib } from './machine.ts'
import { quantile, type Summary, summarise } from './statistics.ts'

const TOKEN = 'bench-admin-token-0123456789abcdef0123'

/** What the gateway did while so many listened. */
export interface ListenersFigures {
  listeners: number
  /** Requests a second that were asked for and came. */
  perSecond: number
  /** CPU of the gateway's process, share of one core, each slice. */
  cpu: Summary
  /** Slices in turn without and with listeners; what those with them used more, as share of one core. */
  addedCpu: Summary
  /** Of each slice. */
  p99Ms: { without: Summary; with: Summary }
  errors: number
  /** Memory the listeners held, KiB each. */
  kibEach: number
}

export interface DashboardFigures {
  /** One listener as a page keeps it; then a hundred. */
  listeners: ListenersFigures[]
  /** Navigation to first contentful paint, ms, over loopback with an empty cache; undefined without a browser. */
  firstPaintMs?: Summary
  /** Scrolling through the list of requests in Chromium. */
  scroll?: { rows: number; frames: number; p50Ms: number; p95Ms: number; maxMs: number; over50Ms: number }
  /** Why nothing was measured in a browser. */
  noBrowser?: string
}

export interface DashboardEffort {
  /** Pairs of slices. */
  pairs: number
  sliceMs: number
  perSecond: number
  rows: number
  paints: number
}

export async function runDashboard(effort: DashboardEffort, tell: (text: string) => void): Promise<DashboardFigures> {
  const mock = startHelper(new URL('mock.ts', import.meta.url).pathname)
  const load = startHelper(new URL('load.ts', import.meta.url).pathname)
  let candidate: Candidate | undefined
  let browser: Browser | undefined
  try {
    const port = await mock.call<number>('listen')
    candidate = await gateway({ config: { 'remote-management': { 'secret-key': TOKEN } } })(port)
    const { target, pid } = candidate
    const asking = { target, model: 'mock-json', bytes: 2_000, stream: false }
    tell('dashboard: warming up')
    const warmed = await load.call<ClosedLoopResult>('closedLoop', { ...asking, connections: 8, requests: effort.rows })
    if (warmed.errors > 0) throw new Error(`${warmed.errors} requests failed while warming up`)
    const figures: DashboardFigures = { listeners: [] }
    for (const listeners of [1, 100]) {
      const without: Slice[] = []
      const beside: Slice[] = []
      const kib: number[] = []
      for (let pair = 0; pair < effort.pairs; pair += 1) {
        tell(`dashboard: ${listeners} listening, pair ${pair + 1} of ${effort.pairs}`)
        without.push(await paced(load, asking, effort, pid))
        const before = residentKib(pid) ?? Number.NaN
        const open = await listen(target.port, listeners)
        beside.push(await paced(load, asking, effort, pid))
        kib.push(((residentKib(pid) ?? Number.NaN) - before) / listeners)
        for (const one of open) one.destroy()
        await rest(200)
      }
      figures.listeners.push({
        listeners,
        perSecond: Math.round(beside.reduce((sum, s) => sum + s.perSecond, 0) / beside.length),
        cpu: summarise(without.map((s) => s.cpu)),
        addedCpu: summarise(beside.map((s, i) => s.cpu - without[i]!.cpu)),
        p99Ms: { without: summarise(without.map((s) => s.p99Ms)), with: summarise(beside.map((s) => s.p99Ms)) },
        errors: [...without, ...beside].reduce((sum, s) => sum + s.errors, 0),
        kibEach: median(kib),
      })
    }
    const noBrowser = whyNoBrowser()
    if (noBrowser !== undefined) return { ...figures, noBrowser }
    browser = await startBrowser()
    tell('dashboard: first paint')
    const paints: number[] = []
    for (let i = 0; i < effort.paints; i += 1) {
      const page = await signedIn(browser, target.port)
      paints.push(await firstPaint(page))
      await page.context().close()
    }
    tell('dashboard: scrolling')
    const page = await signedIn(browser, target.port)
    figures.firstPaintMs = summarise(paints)
    figures.scroll = await scroll(page, target.port, effort.rows)
    return figures
  } finally {
    await browser?.close()
    await candidate?.stop()
    load.stop()
    mock.stop()
  }
}

const rest = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const median = (values: readonly number[]) => quantile([...values], 0.5)

interface Slice {
  cpu: number
  p99Ms: number
  perSecond: number
  errors: number
}

/** Requests at a steady rate: a burst each 20 ms, so that all slices have the same work, however fast it is done. */
async function paced(
  load: ReturnType<typeof startHelper>,
  asking: object,
  { sliceMs, perSecond }: DashboardEffort,
  pid: number,
): Promise<Slice> {
  const every = 20
  const each = Math.max(1, Math.round((perSecond * every) / 1000))
  const under: Promise<ClosedLoopResult>[] = []
  const before = cpuNs(pid) ?? Number.NaN
  const from = performance.now()
  for (let turn = 0; turn * every < sliceMs; turn += 1) {
    const ahead = from + turn * every - performance.now()
    if (ahead > 1) await rest(ahead)
    under.push(load.call<ClosedLoopResult>('closedLoop', { ...asking, connections: each, requests: each }))
  }
  const done = await Promise.all(under)
  const seconds = (performance.now() - from) / 1000
  const requests = done.reduce((sum, d) => sum + d.requests, 0)
  // What is told goes out in its own time: the last of it belongs to this slice, too.
  await rest(300)
  return {
    cpu: ((cpuNs(pid) ?? Number.NaN) - before) / 1e9 / seconds,
    p99Ms: quantile(
      done.map((d) => d.p99Us / 1000),
      0.99,
    ),
    perSecond: requests / seconds,
    errors: done.reduce((sum, d) => sum + d.errors, 0),
  }
}

/** Opens streams of events as pages do. @throws {Error} when one is refused. */
function listen(port: number, count: number): Promise<IncomingMessage[]> {
  return Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<IncomingMessage>((resolve, reject) => {
          const headers = { authorization: `Bearer ${TOKEN}` }
          get({ host: '127.0.0.1', port, path: '/v0/management/events', headers, agent: false }, (answer) => {
            if (answer.statusCode !== 200) reject(new Error(`a listener got ${answer.statusCode}`))
            answer.on('error', () => {})
            answer.resume()
            resolve(answer)
          }).on('error', reject)
        }),
    ),
  )
}

async function signedIn(browser: Browser, port: number): Promise<Page> {
  const link = await fetch(`http://127.0.0.1:${port}/v0/management/link`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
  })
  const { url } = (await link.json()) as { url: string }
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } })
  // The link only signs in: what is measured has an empty cache.
  const cookie = await context.request.get(url, { maxRedirects: 0 })
  if (cookie.status() >= 400) throw new Error(`the link was refused: ${cookie.status()}`)
  const page = await context.newPage()
  await page.goto(`http://127.0.0.1:${port}/dashboard/`)
  await page.locator('main h1').first().waitFor()
  return page
}

async function firstPaint(page: Page): Promise<number> {
  return (await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")) as number
}

/** Turns the wheel until the end of the list and takes the time of every frame. */
async function scroll(page: Page, port: number, rows: number): Promise<NonNullable<DashboardFigures['scroll']>> {
  await page.goto('about:blank')
  await page.goto(`http://127.0.0.1:${port}/dashboard/#/requests`)
  await page.locator('main tr[data-index="0"]').first().waitFor()
  // All rows first: what is measured is scrolling, not loading.
  await page.evaluate(`(async () => {
    const box = document.querySelector('main .scroller')
    const each = document.querySelector('main tr[data-index]').offsetHeight
    for (let i = 0; i < 400 && box.scrollHeight < ${rows} * each; i += 1) {
      box.scrollTop = box.scrollHeight
      await new Promise((r) => setTimeout(r, 100))
    }
    box.scrollTop = 0
  })()`)
  const told = (await page.evaluate(`new Promise((done) => {
    const box = document.querySelector('main .scroller')
    const rows = Math.round(box.scrollHeight / document.querySelector('main tr[data-index]').offsetHeight)
    const frames = []
    const step = box.scrollHeight / 300
    let last
    const turn = (at) => {
      if (last !== undefined) frames.push(at - last)
      last = at
      if (frames.length >= 300) return done({ rows, frames })
      box.scrollTop += step
      requestAnimationFrame(turn)
    }
    requestAnimationFrame(turn)
  })`)) as { rows: number; frames: number[] }
  const { frames } = told
  return {
    rows: told.rows,
    frames: frames.length,
    p50Ms: quantile(frames, 0.5),
    p95Ms: quantile(frames, 0.95),
    maxMs: Math.max(...frames),
    over50Ms: frames.filter((ms) => ms > 50).length,
  }
}
