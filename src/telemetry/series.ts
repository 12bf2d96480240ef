/** The rows the metrics count in. */
import type { Usage } from '../hub/response.ts'
import type { Labels, Sample } from './registry.ts'

export class Outcomes {
  ok = 0
  failed = 0
  cancelled = 0
}

export function* outcomeSamples({ ok, failed, cancelled }: Outcomes, labels: Labels): Iterable<Sample> {
  yield { labels: { ...labels, outcome: 'ok' }, value: ok }
  yield { labels: { ...labels, outcome: 'failed' }, value: failed }
  yield { labels: { ...labels, outcome: 'cancelled' }, value: cancelled }
}

export class Endpoint {
  requests = 0
  errors = 0
  latency = 0
  readonly method: string
  readonly path: string
  constructor(method: string, path: string) {
    this.method = method
    this.path = path
  }
  get average(): number {
    return this.requests === 0 ? 0 : Math.round((this.latency / this.requests) * 1000) / 1000
  }
}

export class Tokens implements Usage {
  input = 0
  cacheRead = 0
  cacheWrite = 0
  output = 0
  reasoning = 0
}

export class Model {
  readonly tokens = new Tokens()
  readonly outcomes = new Outcomes()
  readonly model: string
  readonly provider: string
  constructor(model: string, provider: string) {
    this.model = model
    this.provider = provider
  }
}

export class AccountSeries {
  readonly outcomes = new Outcomes()
  readonly failures = new Map<string, number>()
  readonly account: string
  readonly accountId: string
  readonly provider: string
  constructor(account: string, accountId: string, provider: string) {
    this.account = account
    this.accountId = accountId
    this.provider = provider
  }
}

export function addTokens(sum: Usage, more: Usage): void {
  sum.input += more.input
  sum.cacheRead += more.cacheRead
  sum.cacheWrite += more.cacheWrite
  sum.output += more.output
  sum.reasoning += more.reasoning
}
