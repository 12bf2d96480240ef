/** Every provider: its state here, and its vendor's word on use through programs like this one. */
import { useState } from 'preact/hooks'
import type { ProviderRow } from '../../src/server/admin/management/contract.ts'
import { LoginDialog } from '../accounts/login.tsx'
import { PolicyPill, PolicyText } from '../accounts/policy.tsx'
import { useProviders } from '../lib/data.ts'
import { plural } from '../lib/format.ts'
import { hrefOf } from '../lib/url.ts'
import { Button, Empty, Head, Mark, Pill, Skeleton, type Tone, Trouble, Words } from '../ui/basic.tsx'

const STATES: Record<ProviderRow['state'], { tone: Tone; words: string }> = {
  ready: { tone: 'good', words: 'Ready' },
  resting: { tone: 'warn', words: 'Resting' },
  'needs-login': { tone: 'bad', words: 'Needs login' },
  'no-account': { tone: 'plain', words: 'No account' },
}

function State({ provider }: { provider: ProviderRow }) {
  const { tone, words } = STATES[provider.state]
  return <Pill tone={tone}>{words}</Pill>
}

export function ProvidersView() {
  const { data, error, refresh } = useProviders()
  const [login, setLogin] = useState<string>()
  return (
    <>
      <Head title="Providers">
        Who can answer, and what each vendor says about using its subscription through a program like this one.
      </Head>
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      {data === undefined && error === undefined && (
        <div class="accounts">
          <Skeleton height={180} count={1} />
          <Skeleton height={180} count={1} />
          <Skeleton height={180} count={1} />
        </div>
      )}
      {data?.length === 0 && (
        <div class="card">
          <Empty icon="providers" title="No provider is built in" />
        </div>
      )}
      <div class="accounts wide">
        {data?.map((p) => (
          <article class="card account" key={p.id} aria-label={p.title}>
            <div class="account-head">
              <Mark provider={p.id} />
              <h2 class="clip">{p.title}</h2>
              <div class="muted xs clip">{[p.loginTitle, p.protocols.join(', ')].filter(Boolean).join(' · ')}</div>
              <State provider={p} />
            </div>
            <p class="small">
              <Words text={p.words} />
            </p>
            <div class="stack-sm">
              <div class="row">
                <span class="field-label">{p.loginPolicy === undefined ? 'By key' : 'By login'}</span>
                <PolicyPill policy={p.loginPolicy ?? p.policy} />
              </div>
              <PolicyText policy={p.loginPolicy ?? p.policy} />
            </div>
            {p.loginPolicy !== undefined && p.loginPolicy.note !== p.policy.note && (
              <div class="stack-sm">
                <div class="row">
                  <span class="field-label">By key</span>
                  <PolicyPill policy={p.policy} />
                </div>
                <PolicyText policy={p.policy} />
              </div>
            )}
            <div class="account-foot">
              <span class="muted small tab">
                {plural(p.accounts, 'account')} · {plural(p.models, 'model')}
              </span>
              {p.ways.length > 0 && (
                <span class="push">
                  <Button
                    small
                    icon="login"
                    onClick={() => setLogin(p.id)}
                    aria-label={`Log in to ${p.loginTitle ?? p.title}`}
                  >
                    Log in
                  </Button>
                </span>
              )}
            </div>
          </article>
        ))}
      </div>
      {login !== undefined && <LoginDialog provider={login} onClose={() => setLogin(undefined)} />}
    </>
  )
}

/** The same in one line each, for the overview. */
export function ProviderStrip() {
  const { data, error, refresh } = useProviders()
  if (error !== undefined && data === undefined) return <Trouble words={error} retry={refresh} />
  if (data === undefined) return <Skeleton height={40} count={4} />
  return (
    <ul class="strip">
      {data.map((p) => (
        <li key={p.id}>
          <a class="strip-item" href={hrefOf('/providers')}>
            <Mark provider={p.id} small />
            <span class="grow clip">{p.title}</span>
            <State provider={p} />
          </a>
        </li>
      ))}
    </ul>
  )
}
