/** Logins that other programs keep on this machine: move one (it is ours from then on) or borrow it (read-only). */
import { useState } from 'preact/hooks'
import type { CandidateView, ImportStart } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { invalidate, useQuery } from '../lib/query.ts'
import { Button, Callout, Empty, Mark, Skeleton, Time, Trouble, Words } from '../ui/basic.tsx'
import { Check, Select } from '../ui/field.tsx'
import { Dialog } from '../ui/overlay.tsx'
import { attempt, toast } from '../ui/toast.tsx'
import { PolicyNote } from './policy.tsx'

export function ImportDialog({ onClose }: { onClose: () => void }) {
  const { data, error, refresh } = useQuery('imports', () => call('candidates'))
  const [chosen, setChosen] = useState<CandidateView>()
  if (chosen !== undefined) return <Take candidate={chosen} back={() => setChosen(undefined)} onClose={onClose} />
  return (
    <Dialog title="Import a login" onClose={onClose}>
      <p class="muted">LogicaProxy looked for logins of the vendors' own programs on the machine it runs on.</p>
      {error !== undefined && <Trouble words={error} retry={refresh} />}
      {data === undefined && error === undefined && <Skeleton height={48} count={3} />}
      {data?.candidates.length === 0 && (
        <Empty icon="login" title="No login found">
          Log in with Claude Code, Codex, Gemini CLI or another program on that machine first, or log in here.
        </Empty>
      )}
      <ul class="stack-sm list">
        {data?.candidates.map((c) => (
          <li key={c.id}>
            <button type="button" class="btn quiet pick-row tall" onClick={() => setChosen(c)}>
              <Mark provider={c.provider} />
              <span class="grow clip">
                {c.label} <span class="muted small">{[c.title, c.plan].filter(Boolean).join(' · ')}</span>
                <br />
                <span class="muted xs">{c.from}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {(data?.notes.length ?? 0) > 0 && (
        <div class="stack-sm">
          <h3>Found, and not usable</h3>
          <ul class="stack-sm list small">
            {data?.notes.map((n) => (
              <li key={n.from} class="wrap-any">
                <span class="mono">{n.from}</span>: <Words text={n.words} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </Dialog>
  )
}

function Take({ candidate: c, back, onClose }: { candidate: CandidateView; back: () => void; onClose: () => void }) {
  const careful = c.policy.state === 'restricted' || c.policy.state === 'discontinued'
  const [how, setHow] = useState<ImportStart['how']>(c.canRefresh ? 'moved' : 'borrowed')
  const [agreed, setAgreed] = useState(false)
  const [busy, setBusy] = useState(false)
  const take = async () => {
    setBusy(true)
    const ok = await attempt(async () => {
      const { words, warnings } = await call('takeCandidate', {
        body: { id: c.id, how, ...(careful && { acknowledge: agreed }) },
      })
      toast(words)
      for (const warning of warnings) toast(warning, { tone: 'warn' })
      invalidate('accounts', 'imports', 'providers', 'models')
    })
    setBusy(false)
    if (ok) onClose()
  }
  return (
    <Dialog
      title={`Import ${c.label}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={back}>Back</Button>
          <Button tone="primary" busy={busy} disabled={careful && !agreed} onClick={take}>
            {how === 'moved' ? 'Move it here' : 'Borrow it'}
          </Button>
        </>
      }
    >
      <dl class="facts">
        <dt>From</dt>
        <dd class="mono small">{c.from}</dd>
        {c.email !== undefined && (
          <>
            <dt>E-mail</dt>
            <dd>{c.email}</dd>
          </>
        )}
        {c.expiresAt !== undefined && (
          <>
            <dt>Token ends</dt>
            <dd>
              <Time at={c.expiresAt} />
            </dd>
          </>
        )}
      </dl>
      <PolicyNote policy={c.policy} />
      {c.warnings.map((w) => (
        <Callout key={w} tone="warn">
          {w}
        </Callout>
      ))}
      <Select
        label="How"
        value={how}
        onValue={(v) => setHow(v as ImportStart['how'])}
        options={[
          { value: 'moved', label: 'Move: LogicaProxy keeps it alive' },
          { value: 'borrowed', label: 'Borrow: read-only, never refreshed' },
        ]}
        hint={how === 'moved' ? c.move : c.borrow}
      />
      {careful && (
        <Check label="I have read this and use the account at my own risk." checked={agreed} onValue={setAgreed} />
      )}
    </Dialog>
  )
}
