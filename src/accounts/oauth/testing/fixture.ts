/** Contexts and vendors for tests of logins: a script in place of the network, a clock that moves when somebody sleeps. */
import type { FlowContext, LoginFlow, VendorAnswer, VendorHttp, VendorRequest } from '../flow.ts'

/** An answer as the network would give it. */
export function answer(status: number, json: unknown = {}, headers: VendorAnswer['headers'] = {}): VendorAnswer {
  const text = typeof json === 'string' ? json : JSON.stringify(json)
  const object = typeof json === 'object' && json !== null && !Array.isArray(json)
  return { status, headers, text, json: object ? (json as Record<string, unknown>) : {} }
}

/** Gives the answers in turn and keeps what was asked. An `Error` among them is thrown. */
export function scripted(...answers: (VendorAnswer | Error)[]): { http: VendorHttp; asked: VendorRequest[] } {
  const asked: VendorRequest[] = []
  const http: VendorHttp = async (request) => {
    asked.push(request)
    const next = answers.shift()
    if (next === undefined) throw new Error(`nothing is scripted for ${request.method} ${request.url}`)
    if (next instanceof Error) throw next
    return next
  }
  return { http, asked }
}

/** The fields of a form or JSON body. */
export function fieldsIn(request: VendorRequest | undefined): Record<string, string> {
  const body = request?.body ?? ''
  return body.startsWith('{') ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body))
}

export interface TestContext extends FlowContext {
  /** Every sleep, in ms. */
  slept: number[]
  said: string[]
}

/** A context at 1,000,000 ms; sleeping moves the clock and takes no time. */
export function testContext(http: VendorHttp, over: Partial<FlowContext> = {}): TestContext {
  let at = 1_000_000
  const slept: number[] = []
  const said: string[] = []
  return {
    http,
    url: (url) => url,
    clientId: 'client',
    now: () => at,
    async sleep(ms) {
      slept.push(ms)
      at += ms
    },
    progress: (words) => said.push(words),
    userAgent: 'logicaproxy/test',
    signal: new AbortController().signal,
    ...over,
    slept,
    said,
  }
}

/** A vendor by the book. */
export function plainFlow(over: Partial<LoginFlow> = {}): LoginFlow {
  return {
    policy: { state: 'supported', since: '2026-01-01', note: 'For tests.', url: 'https://vendor.test' },
    title: 'Vendor',
    clientId: 'client',
    scopes: ['openid', 'offline_access'],
    browser: {
      authorizeUrl: 'https://vendor.test/authorize',
      params: {},
      pkce: true,
      redirect: { host: '127.0.0.1', path: '/callback', ports: [] },
    },
    token: { url: 'https://vendor.test/token', exchange: 'form', refresh: 'form' },
    baseUrl: 'https://api.vendor.test',
    identify: async () => ({ subject: 'anna' }),
    ...over,
  }
}
