/** All that is known of one account: every allowance, every rest, its models, where it came from, and its vendor's word. */
import type { ComponentChildren } from 'preact'
import type { AccountView } from '../../src/server/admin/management/contract.ts'
import { count, plural } from '../lib/format.ts'
import { hrefOf } from '../lib/url.ts'
import { linkTo } from '../lib/views.ts'
import { Copy, Time, Words } from '../ui/basic.tsx'
import { Dialog } from '../ui/overlay.tsx'
import { PolicyNote } from './policy.tsx'
import { AccountState, Quota } from './state.tsx'

const ORIGINS = {
  login: 'Logged in here',
  moved: 'Moved here',
  borrowed: 'Borrowed, read-only',
  config: 'A key of the config',
}

export function AccountDetail({ account: a, onClose }: { account: AccountView; onClose: () => void }) {
  const { settings: s } = a
  const facts: [string, ComponentChildren][] = [
    ['Provider', [a.providerTitle, a.plan].filter(Boolean).join(', ')],
    ['E-mail', a.email],
    [
      'From',
      a.origin && (
        <>
          {ORIGINS[a.origin.how]}
          {a.origin.from !== undefined && ` from ${a.origin.from}`}
          {a.origin.at !== undefined && (
            <>
              , <Time at={a.origin.at} as="clock" />
            </>
          )}
        </>
      ),
    ],
    [
      'Token ends',
      a.expiresAt && (
        <>
          <Time at={a.expiresAt} />
          {a.can.refresh && <span class="muted">, and is refreshed before</span>}
        </>
      ),
    ],
    [
      'Requests',
      <>
        {count(a.requests)}, {plural(a.errors, 'error')} <span class="muted">since the start</span>
      </>,
    ],
    [
      'Under way',
      a.inFlight > 0 ? `${count(a.inFlight)}${s.concurrency === undefined ? '' : ` of ${s.concurrency}`}` : undefined,
    ],
    ['Last used', a.lastUsedAt && <Time at={a.lastUsedAt} />],
    ['Priority', `${s.priority}, weight ${s.weight}`],
    ['Prefix', s.prefix && <code>{s.prefix}/</code>],
    ['Proxy', s.proxy && <code class="wrap-any">{s.proxy}</code>],
    ['Headers', s.headerNames.join(', ')],
    ['Never used for', s.excludedModels.join(', ')],
    ['Never rests', s.neverRests ? 'It is asked again at once after every refusal.' : undefined],
    ['Note', s.note],
    [
      'Id',
      <span class="row">
        <code class="wrap-any">{a.id}</code>
        <Copy text={a.id} what="account id" />
      </span>,
    ],
  ]
  return (
    <Dialog kind="drawer" title={a.label} onClose={onClose}>
      <div class="stack-sm">
        <div>
          <AccountState account={a} />
        </div>
        <p class="wrap-any">
          <Words text={a.words} />
        </p>
      </div>
      {a.quota !== undefined && a.quota.windows.length > 0 && (
        <section class="stack" aria-labelledby="a-quota">
          <h3 id="a-quota">Allowances</h3>
          <div class="quota">
            {a.quota.windows.map((w) => (
              <Quota key={w.id} window={w} account={a.label} />
            ))}
          </div>
          <p class="muted small">
            Told by {a.providerTitle} <Time at={a.quota.at} as="gap" />.
          </p>
        </section>
      )}
      {a.rests.length > 0 && (
        <section class="stack" aria-labelledby="a-rests">
          <h3 id="a-rests">Rests</h3>
          <ul class="stack-sm list small">
            {a.rests.map((r) => (
              <li key={`${r.model}-${r.kind}-${r.until}`} class="wrap-any">
                <span class="strong">{r.model ?? (r.endpoint ? 'The endpoint' : 'The account')}</span> rests until{' '}
                <Time at={r.until} as="clock" />, tested again <Time at={r.nextProbe} fine />:{' '}
                <Words text={r.because} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <section class="stack" aria-labelledby="a-facts">
        <h3 id="a-facts">About it</h3>
        <dl class="facts">
          {facts
            .filter(([, value]) => value !== undefined && value !== '')
            .map(([name, value]) => (
              <div class="pass" key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
        </dl>
        <p class="small">
          <a href={linkTo('dashboard', hrefOf('/requests', { account: a.id }))}>Its requests</a>
        </p>
      </section>
      {a.models.length > 0 && (
        <section class="stack" aria-labelledby="a-models">
          <h3 id="a-models">Models</h3>
          <ul class="tags">
            {a.models.map((m) => (
              <li class="tag mono" key={m}>
                {m}
              </li>
            ))}
          </ul>
        </section>
      )}
      {a.policy !== undefined && (
        <section class="stack" aria-labelledby="a-policy">
          <h3 id="a-policy">What {a.providerTitle} says of use like this</h3>
          <PolicyNote policy={a.policy} />
        </section>
      )}
    </Dialog>
  )
}
