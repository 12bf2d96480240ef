/** Client keys: made, limited, rotated, revoked. A key itself is shown once. */
import { useState } from 'preact/hooks'
import type { ClientKeyView, KeyShown } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { useKeys } from '../lib/data.ts'
import { compact, count, money, plural } from '../lib/format.ts'
import { invalidate } from '../lib/query.ts'
import { hrefOf } from '../lib/url.ts'
import { linkTo } from '../lib/views.ts'
import { Button, Callout, Copy, Empty, Head, Meter, Pill, Scroll, Skeleton, Time, Trouble } from '../ui/basic.tsx'
import { Select } from '../ui/field.tsx'
import { onOff } from '../ui/on-off.ts'
import { confirm, Dialog, Menu, type MenuItem } from '../ui/overlay.tsx'
import { attempt } from '../ui/toast.tsx'
import { KeyForm } from './key-form.tsx'

export function KeysView() {
  const { data, error, refresh } = useKeys()
  const [editing, setEditing] = useState<ClientKeyView | 'new'>()
  const [shown, setShown] = useState<KeyShown>()
  const [rotating, setRotating] = useState<ClientKeyView>()
  const create = (
    <Button tone="primary" icon="plus" onClick={() => setEditing('new')}>
      New key
    </Button>
  )
  return (
    <>
      <Head title="Client keys" actions={create}>
        Who may send requests here. A key may be bound to models and limits; it never reaches the management.
      </Head>
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      {data === undefined && error === undefined && <Skeleton height={52} count={4} />}
      {data?.open === true && (
        <Callout tone="warn">
          No key is set: every program on this machine may send requests. Make one, and only those that have it may.
        </Callout>
      )}
      {data !== undefined && (
        <div class="card flush">
          {data.keys.length === 0 ? (
            <Empty icon="key" title="No key yet" action={create}>
              Give each program a key of its own: then its use can be seen, limited and ended by itself.
            </Empty>
          ) : (
            <Table keys={data.keys} onEdit={setEditing} onRotate={setRotating} />
          )}
        </div>
      )}
      {editing !== undefined && (
        <KeyForm
          entry={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(undefined)}
          onMade={(made) => {
            setEditing(undefined)
            setShown(made)
          }}
        />
      )}
      {rotating !== undefined && (
        <Rotate
          entry={rotating}
          onClose={() => setRotating(undefined)}
          onMade={(made) => {
            setRotating(undefined)
            setShown(made)
          }}
        />
      )}
      {shown !== undefined && <Shown made={shown} onClose={() => setShown(undefined)} />}
    </>
  )
}

function stateOf(k: ClientKeyView): { tone: 'good' | 'plain' | 'bad'; words: string } {
  if (k.expiresAt !== undefined && k.expiresAt < Date.now()) return { tone: 'bad', words: 'Expired' }
  return k.disabled ? { tone: 'plain', words: 'Off' } : { tone: 'good', words: 'On' }
}

function Table({
  keys,
  onEdit,
  onRotate,
}: {
  keys: readonly ClientKeyView[]
  onEdit: (k: ClientKeyView) => void
  onRotate: (k: ClientKeyView) => void
}) {
  const items = (k: ClientKeyView): MenuItem[] => {
    const set = (disabled: boolean) =>
      call('changeKey', { id: k.id, body: { disabled } }).finally(() => invalidate('keys'))
    if (k.source === 'config')
      return [
        {
          label: 'Change in the config',
          icon: 'config',
          onPick: () => location.assign(linkTo('panel', hrefOf('/config'))),
        },
      ]
    return [
      { label: 'Change', icon: 'edit', onPick: () => onEdit(k) },
      { label: 'Rotate', icon: 'refresh', onPick: () => onRotate(k) },
      onOff(k.name, k.disabled, set),
      {
        label: 'Revoke',
        icon: 'trash',
        danger: true,
        onPick: async () => {
          if (
            await confirm(
              `Revoke ${k.name}?`,
              'Programs that use it are refused at once. It cannot be brought back; its recorded usage stays.',
              'Revoke key',
            )
          )
            await attempt(() => call('revokeKey', { id: k.id }).finally(() => invalidate('keys')), `Revoked ${k.name}.`)
        },
      },
    ]
  }
  return (
    <Scroll name="Table of keys">
      <table class="table">
        <caption class="sr">Client keys with limits and use</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col" class="hide-m">
              Models
            </th>
            <th scope="col" class="hide-s">
              Limits
            </th>
            <th scope="col" class="num hide-m">
              Requests
            </th>
            <th scope="col" class="hide-m">
              Last used
            </th>
            <th scope="col">
              <span class="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((k) => {
            const { tone, words } = stateOf(k)
            return (
              <tr key={k.id}>
                <th scope="row" class="cell">
                  <span class="strong">{k.name}</span>
                  <div class="muted xs">
                    {k.hint !== undefined && <code>{k.hint}</code>} {k.source === 'config' && 'in the config'}
                    {k.note !== undefined && ` ${k.note}`}
                    {k.graceUntil !== undefined && k.graceUntil > Date.now() && (
                      <div>
                        The key before it ends <Time at={k.graceUntil} as="gap" />
                      </div>
                    )}
                    {k.lastRefusal !== undefined && (
                      <div class="warn" title={`${k.refusals} refused since the start`}>
                        Refused <Time at={k.lastRefusal.at} as="gap" />: {k.lastRefusal.reason}
                      </div>
                    )}
                  </div>
                  {hasLimits(k) && (
                    <div class="only-s">
                      <Limits entry={k} />
                    </div>
                  )}
                </th>
                <td>
                  <Pill tone={tone} icon={words === 'Off' ? 'off' : undefined}>
                    {words}
                  </Pill>
                  {k.expiresAt !== undefined && (
                    <div class="muted xs nowrap">
                      {k.expiresAt > Date.now() ? 'ends ' : 'ended '}
                      <Time at={k.expiresAt} as="gap" />
                    </div>
                  )}
                </td>
                <td class="hide-m">
                  {k.models === undefined ? <span class="muted">all</span> : <Tags list={k.models} />}
                </td>
                <td class="hide-s">
                  <Limits entry={k} />
                </td>
                <td class="num hide-m">
                  <a href={linkTo('dashboard', hrefOf('/requests', { clientKey: k.name }))}>
                    {count(k.used?.requests ?? 0)}
                  </a>
                </td>
                <td class="hide-m nowrap muted small">
                  {k.lastUsedAt === undefined ? 'never' : <Time at={k.lastUsedAt} as="gap" />}
                </td>
                <td class="num">
                  <Menu label={`Actions for ${k.name}`} items={items(k)} />
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Scroll>
  )
}

const hasLimits = ({ limits }: ClientKeyView) => Object.values(limits).some((l) => typeof l === 'number')

const Tags = ({ list }: { list: readonly string[] }) => (
  <span class="tags">
    {list.slice(0, 3).map((m) => (
      <span class="tag mono" key={m}>
        {m}
      </span>
    ))}
    {list.length > 3 && <span class="muted xs">and {list.length - 3} more</span>}
  </span>
)

function Limits({ entry }: { entry: ClientKeyView }) {
  const { limits, used, name, unpriced } = entry
  const list: [string, number | null | undefined, number, (n: number) => string][] = [
    ['a minute', limits.requestsPerMinute, used?.requestsThisMinute ?? 0, count],
    ['tokens a minute', limits.tokensPerMinute, used?.tokensThisMinute ?? 0, compact],
    ['tokens a day', limits.tokensPerDay, used?.tokensToday ?? 0, compact],
    ['a day', limits.microsPerDay, used?.microsToday ?? 0, money],
    ['a month', limits.microsPerMonth, used?.microsThisMonth ?? 0, money],
  ]
  const set = list.filter(([, most]) => typeof most === 'number')
  if (!hasLimits(entry)) return <span class="muted">none</span>
  return (
    <div class="stack-sm limits">
      {set.map(([title, most, now, show]) => (
        <div class="limit" key={title}>
          <span class="xs tab nowrap">
            {show(now)} of {show(most!)} {title}
          </span>
          <Meter share={now / most!} words={`${name}: ${title}`} />
        </div>
      ))}
      {typeof limits.concurrency === 'number' && (
        <span class="xs muted tab">
          {used?.inFlight ?? 0} of {limits.concurrency} at once
        </span>
      )}
      {unpriced > 0 && (typeof limits.microsPerDay === 'number' || typeof limits.microsPerMonth === 'number') && (
        <span class="xs warn">{plural(unpriced, 'request')} of unknown cost not counted</span>
      )}
    </div>
  )
}

const GRACE = [
  { value: '0', label: 'At once' },
  { value: '3600000', label: 'After an hour' },
  { value: '86400000', label: 'After a day' },
  { value: '604800000', label: 'After a week' },
]

function Rotate({
  entry,
  onClose,
  onMade,
}: {
  entry: ClientKeyView
  onClose: () => void
  onMade: (made: KeyShown) => void
}) {
  const [grace, setGrace] = useState('3600000')
  const [busy, setBusy] = useState(false)
  const rotate = async () => {
    setBusy(true)
    await attempt(async () => {
      const made = await call('rotateKey', { id: entry.id, body: { graceMs: Number(grace) } })
      invalidate('keys')
      onMade(made)
    })
    setBusy(false)
  }
  return (
    <Dialog
      title={`Rotate ${entry.name}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" busy={busy} onClick={rotate}>
            Make the new key
          </Button>
        </>
      }
    >
      <p>A new key takes its place, with the same name, limits and history.</p>
      <Select label="The old key ends" value={grace} onValue={setGrace} options={GRACE} />
    </Dialog>
  )
}

function Shown({ made, onClose }: { made: KeyShown; onClose: () => void }) {
  return (
    <Dialog
      title={`Key of ${made.entry.name}`}
      onClose={onClose}
      foot={
        <Button tone="primary" onClick={onClose}>
          I have kept it
        </Button>
      }
    >
      <Callout tone="warn">Copy it now: it is kept as a hash alone and cannot be shown again.</Callout>
      <div class="secret">
        <code class="grow">{made.key}</code>
        <Copy text={made.key} what={`key of ${made.entry.name}`} />
      </div>
    </Dialog>
  )
}
