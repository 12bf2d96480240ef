/** What stands between a change and the file: faults, the diff, a note; and the way back to older texts. */
import { useState } from 'preact/hooks'
import type { SnapshotView } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { plural } from '../lib/format.ts'
import { invalidate, useQuery } from '../lib/query.ts'
import { Button, Callout, Empty, Pill, Skeleton, Time, Trouble } from '../ui/basic.tsx'
import { Input } from '../ui/field.tsx'
import { Dialog } from '../ui/overlay.tsx'
import { attempt } from '../ui/toast.tsx'
import { DiffView } from './diff.tsx'
import type { Draft } from './draft.ts'

/** One line that is always there, so that nothing jumps when the first change is made. */
export function SaveBar({ draft }: { draft: Draft }) {
  const [reviewing, setReviewing] = useState(false)
  const { faults, changed, checking, result } = draft
  return (
    <>
      <div class="row save-bar">
        <span role="status">
          {faults.length > 0 ? (
            <Pill tone="bad">{plural(faults.length, 'fault')}</Pill>
          ) : changed ? (
            <Pill tone="info">{checking || result === undefined ? 'Checking' : 'Changed, not saved'}</Pill>
          ) : (
            <Pill tone="good">As in the file</Pill>
          )}
        </span>
        <span class="push row">
          <Button disabled={!changed} onClick={draft.discard}>
            Discard
          </Button>
          <Button
            tone="primary"
            disabled={!changed || faults.length > 0 || checking || result === undefined}
            onClick={() => setReviewing(true)}
          >
            Review and save
          </Button>
        </span>
      </div>
      {reviewing && result !== undefined && <Review draft={draft} onClose={() => setReviewing(false)} />}
    </>
  )
}

/** What is wrong, with the way to each line. */
export function FaultList({ draft, goTo }: { draft: Draft; goTo?: (line: number) => void }) {
  const { faults } = draft
  return (
    <div id="config-faults" role="status">
      {faults.length > 0 && (
        <Callout tone="bad">
          <ul class="stack-sm list">
            {faults.map((f) => (
              <li key={`${f.line}-${f.path}-${f.message}`}>
                {f.line > 0 && goTo !== undefined ? (
                  <button type="button" class="link" onClick={() => goTo(f.line)}>
                    Line {f.line}
                  </button>
                ) : (
                  f.line > 0 && `Line ${f.line}`
                )}{' '}
                {f.message}
              </li>
            ))}
          </ul>
        </Callout>
      )}
    </div>
  )
}

function Review({ draft, onClose }: { draft: Draft; onClose: () => void }) {
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const result = draft.result
  if (result === undefined) return null
  const save = async () => {
    setBusy(true)
    const done = await draft.save(note)
    setBusy(false)
    if (done) onClose()
  }
  return (
    <Dialog
      title="Review the changes"
      wide
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Back</Button>
          <Button tone="primary" busy={busy} onClick={save}>
            Save
          </Button>
        </>
      }
    >
      <DiffView diff={result.diff} />
      {result.restart.length > 0 && (
        <Callout tone="warn">A restart takes these over: {result.restart.join(', ')}.</Callout>
      )}
      {result.notices.map((n) => (
        <Callout key={n.message} tone="warn">
          {n.line > 0 ? `Line ${n.line}: ` : ''}
          {n.message}
        </Callout>
      ))}
      <Input
        label="Note (optional)"
        hint="Stands beside the snapshot of the text it replaces."
        value={note}
        onValue={setNote}
        maxLength={200}
      />
    </Dialog>
  )
}

export function History({ digest, onClose }: { digest: string; onClose: () => void }) {
  const { data, error, refresh } = useQuery('snapshots', () => call('snapshots').then((s) => s.snapshots))
  const [chosen, setChosen] = useState<string>()
  const { data: shown } = useQuery(chosen === undefined ? undefined : `snapshot:${chosen}:${digest}`, () =>
    call('snapshot', { id: chosen! }),
  )
  const restore = async (s: SnapshotView) => {
    const ok = await attempt(async () => {
      await call('restoreSnapshot', { id: s.id, body: { expected: digest } })
      invalidate('config', 'snapshots', 'models', 'accounts')
    }, 'Put back. The text it replaced is a snapshot too.')
    if (ok) onClose()
  }
  return (
    <Dialog
      title="Earlier texts"
      wide
      onClose={onClose}
      foot={
        shown !== undefined && chosen !== undefined ? (
          <>
            <Button onClick={() => setChosen(undefined)}>Back</Button>
            <Button tone="primary" onClick={() => restore(shown)}>
              Put this text back
            </Button>
          </>
        ) : undefined
      }
    >
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      {data === undefined && error === undefined && <Skeleton height={44} count={4} />}
      {data?.length === 0 && (
        <Empty icon="clock" title="No earlier text yet">
          Every save keeps the text it replaces here: the last 20, secrets included.
        </Empty>
      )}
      {chosen === undefined ? (
        <ul class="stack-sm list">
          {data?.map((s) => (
            <li key={s.id}>
              <button type="button" class="btn quiet pick-row tall" onClick={() => setChosen(s.id)}>
                <span class="grow clip">
                  Replaced <Time at={s.at} />
                  {s.note !== undefined && <span class="line clip muted small">{s.note}</span>}
                </span>
                <span class="muted small tab">{plural(s.lines, 'line')}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : shown === undefined ? (
        <Skeleton height={160} />
      ) : (
        <>
          <p class="muted">What putting it back would change:</p>
          <DiffView diff={shown.diff} />
        </>
      )}
    </Dialog>
  )
}
