/** One request with everything that is known of it: the timeline of attempts, why this account, why this model. */
import type { ComponentChildren } from 'preact'
import type { TimelineAttempt, UsageDetail } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { bytes, count, duration, exact, money, plural } from '../lib/format.ts'
import { useQuery } from '../lib/query.ts'
import { hrefOf } from '../lib/url.ts'
import { linkTo } from '../lib/views.ts'
import { Callout, Code, Copy, Pill, Skeleton, Time, Trouble, Words } from '../ui/basic.tsx'
import { Dialog } from '../ui/overlay.tsx'
import { CallStatus } from './call-columns.tsx'
import { LogLines } from './log-lines.tsx'

export function CallDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, refresh } = useQuery(`call:${id}`, () => call('usageDetail', { id }))
  return (
    <Dialog kind="drawer" title="Request" onClose={onClose}>
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      {data === undefined && error === undefined && <Skeleton height={84} count={5} />}
      {data !== undefined && <Detail detail={data} />}
    </Dialog>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

function Detail({ detail }: { detail: UsageDetail }) {
  const { call: c, timeline } = detail
  return (
    <>
      <div class="stack-sm">
        <div class="row">
          <CallStatus call={c} />
          <strong class="wrap-any">{c.requestedModel}</strong>
        </div>
        <div class="row muted small">
          <code class="wrap-any">{c.callId}</code>
          <Copy text={c.callId} what="request id" label="Copy id" />
        </div>
      </div>
      {detail.failure !== undefined && detail.failure !== '' && (
        <Callout tone="bad">
          <Words text={detail.failure} />
        </Callout>
      )}
      <section class="stack" aria-labelledby="d-timeline">
        <h3 id="d-timeline">Timeline</h3>
        {timeline.length === 0 ? (
          <p class="muted">It was answered before any account was asked.</p>
        ) : (
          <Gantt
            attempts={timeline}
            total={Math.max(c.latencyMs, ...timeline.map((t) => t.endMs))}
            firstEventMs={c.firstEventMs}
          />
        )}
      </section>
      <section class="stack" aria-labelledby="d-why">
        <h3 id="d-why">Why</h3>
        <dl class="facts">
          <Fact name="This model">
            {detail.reason ??
              (c.servedModel === c.requestedModel ? 'It was asked for by name.' : 'Nothing was recorded.')}
          </Fact>
          <Fact name="This account">
            <Words text={timeline.at(-1)?.why ?? 'No account was asked.'} />
          </Fact>
          <Fact name="Lane">{laneWords(c.lane)}</Fact>
          <Fact name="Left out">
            {detail.dropped.length === 0 ? (
              'Nothing: every field was carried.'
            ) : (
              <span class="tags">
                {detail.dropped.map((d) => (
                  <span class="tag mono" key={d}>
                    {d}
                  </span>
                ))}
              </span>
            )}
          </Fact>
        </dl>
      </section>
      <section class="stack" aria-labelledby="d-facts">
        <h3 id="d-facts">Figures</h3>
        <dl class="facts">
          <Fact name="When">
            {exact(c.at)}{' '}
            <span class="muted">
              (<Time at={c.at} as="gap" />)
            </span>
          </Fact>
          <Fact name="Model">
            {c.servedModel || '–'} <span class="muted">{c.provider}</span>
          </Fact>
          <Fact name="Account">{c.accountLabel || c.account || '–'}</Fact>
          <Fact name="Client key">{c.clientKey || '–'}</Fact>
          <Fact name="Endpoint">
            <code>{c.endpoint}</code> {detail.stream === true && <Pill>stream</Pill>}
          </Fact>
          {c.category !== '' && <Fact name="Category">{c.category}</Fact>}
          <Fact name="Latency">
            {duration(c.latencyMs)}
            {c.firstEventMs !== undefined && (
              <span class="muted">, first content after {duration(c.firstEventMs)}</span>
            )}
            {detail.maxGapMs !== undefined && detail.maxGapMs > 0 && (
              <span class="muted">, longest pause {duration(detail.maxGapMs)}</span>
            )}
          </Fact>
          <Fact name="Tokens">
            <Tokens detail={detail} />
          </Fact>
          <Fact name="Cost">
            {c.costMicros === undefined
              ? 'Unknown: this model is not in the price table.'
              : `${money(c.costMicros)} (estimate)`}
          </Fact>
          <Fact name="Size">
            {bytes(detail.bytesIn)} in, {bytes(detail.bytesOut)} out
          </Fact>
        </dl>
      </section>
      {detail.bodies !== undefined && (
        <section class="stack" aria-labelledby="d-bodies">
          <h3 id="d-bodies">Bodies</h3>
          <p class="muted small">
            Kept because its client key says so, until <Time at={detail.bodies.until} />.
          </p>
          <Code text={detail.bodies.request} what="request body" />
          <Code text={detail.bodies.response} what="response body" />
        </section>
      )}
      <section class="stack" aria-labelledby="d-logs">
        <h3 id="d-logs">Log</h3>
        {detail.logs.length === 0 ? (
          <p class="muted small">No lines of it are in memory any more.</p>
        ) : (
          <LogLines lines={detail.logs} />
        )}
        <p class="small">
          <a href={linkTo('panel', hrefOf('/logs', { request: c.callId }))}>Search the log for this request</a>
          {c.category !== '' && (
            <>
              {' · '}
              <a href={linkTo('dashboard', hrefOf('/router'))}>Try a prompt in the router</a>
            </>
          )}
        </p>
      </section>
    </>
  )
}

function Tokens({ detail: { call: c } }: { detail: UsageDetail }) {
  const parts: [string, number | undefined][] = [
    ['uncached input', c.inputTokens],
    ['cache read', c.cacheReadTokens],
    ['cache write', c.cacheWriteTokens],
    ['output', c.outputTokens],
    ['of it reasoning', c.reasoningTokens],
  ]
  const known = parts.filter(([, n]) => n !== undefined && n > 0)
  return <>{known.length === 0 ? 'Not told' : known.map(([name, n]) => `${count(n!)} ${name}`).join(', ')}</>
}

const laneWords = (lane: string) =>
  ({
    'pass-through': 'Pass-through: bytes forwarded as they came.',
    native: 'Native: same dialect, with what the provider demands.',
    translate: 'Translated between dialects.',
  })[lane] ?? '–'

function Gantt({
  attempts,
  total,
  firstEventMs,
}: {
  attempts: readonly TimelineAttempt[]
  total: number
  firstEventMs: number | undefined
}) {
  const share = (ms: number) => `${Math.min(100, (ms / Math.max(1, total)) * 100)}%`
  return (
    <div class="stack-sm">
      <ol class="gantt">
        {attempts.map((a, i) => {
          const last = i === attempts.length - 1
          return (
            <li class="gantt-row" key={a.index}>
              <div class="row small">
                <span class="strong clip">{a.accountLabel || a.accountId}</span>
                <span class="muted clip">{a.model}</span>
                <span class="push tab nowrap">
                  {a.status === 0 ? 'no answer' : a.status} · {duration(a.endMs - a.startMs)}
                </span>
              </div>
              <div
                class="gantt-track"
                role="img"
                aria-label={`Attempt ${i + 1}: from ${duration(a.startMs)} to ${duration(a.endMs)}${a.failure === undefined ? '' : ', failed'}`}
              >
                <span
                  class={a.failure === undefined ? '' : 'bad'}
                  style={{ left: share(a.startMs), width: share(a.endMs - a.startMs) }}
                />
                {last && firstEventMs !== undefined && (
                  <i style={{ left: share(firstEventMs) }} title={`First content after ${duration(firstEventMs)}`} />
                )}
              </div>
              {a.failure !== undefined && (
                <p class="small bad wrap-any">
                  {a.failure.kind} ({a.failure.scope}): <Words text={a.failure.message} />
                  {a.failure.retryAfterMs !== undefined && ` Retry after ${duration(a.failure.retryAfterMs)}.`}
                </p>
              )}
              <p class="small muted wrap-any">
                <Words text={a.why} />
              </p>
            </li>
          )
        })}
      </ol>
      <div class="gantt-axis" aria-hidden="true">
        <span>0</span>
        <span>{duration(total / 2)}</span>
        <span>{duration(total)}</span>
      </div>
      <p class="sr">
        {plural(attempts.length, 'attempt')} in {duration(total)}.
      </p>
    </div>
  )
}
