/** What clients can ask for, and who serves it. */
import { useState } from 'preact/hooks'
import type { ModelRow } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { useModels } from '../lib/data.ts'
import { compact, plural } from '../lib/format.ts'
import { useQuery } from '../lib/query.ts'
import { hrefOf, setParams, usePlace } from '../lib/url.ts'
import { Callout, Copy, Empty, Head, Skeleton, Trouble, Words } from '../ui/basic.tsx'
import { Dialog } from '../ui/overlay.tsx'
import { type Column, Rows } from '../ui/rows.tsx'
import { Standings } from './standings.tsx'

const COLUMNS: readonly Column<ModelRow>[] = [
  { title: 'Model', cell: (m) => m.id, under: (m) => m.providers.join(', '), full: (m) => m.displayName ?? m.id },
  {
    title: 'Providers',
    width: '14%',
    hide: 's',
    cell: (m) => m.providers.join(', '),
    full: (m) => m.providers.join(', '),
  },
  {
    title: 'Usable',
    width: '88px',
    number: true,
    cell: (m) => <span class={m.usable === 0 ? 'bad' : ''}>{`${m.usable} of ${m.accounts}`}</span>,
  },
  {
    title: 'Context',
    width: '84px',
    number: true,
    hide: 's',
    cell: (m) => (m.contextLength === undefined ? '–' : compact(m.contextLength)),
  },
  {
    title: 'Output',
    width: '80px',
    number: true,
    hide: 'm',
    cell: (m) => (m.maxOutput === undefined ? '–' : compact(m.maxOutput)),
  },
  {
    title: 'Router',
    width: '13%',
    hide: 'm',
    cell: (m) => m.categories.join(', ') || '–',
    full: (m) => m.categories.join(', '),
  },
  {
    title: 'Upstream name',
    width: '20%',
    hide: 'm',
    cell: (m) => m.upstream.filter((u) => u !== m.id).join(', ') || '–',
    full: (m) => m.upstream.join(', '),
  },
]

export function ModelsView() {
  const { data, error, refresh } = useModels()
  const { params } = usePlace()
  const [text, setText] = useState(params['q'] ?? '')
  const wanted = text.trim().toLowerCase()
  const rows = (data ?? []).filter(
    (m) => wanted === '' || `${m.id} ${m.displayName ?? ''} ${m.providers.join(' ')}`.toLowerCase().includes(wanted),
  )
  return (
    <>
      <Head title="Models">
        Names clients can ask for. Found at the providers of your accounts; aliases are set in the control panel.
      </Head>
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      {data === undefined && error === undefined && <Skeleton height={40} count={8} />}
      {data?.length === 0 && (
        <div class="card">
          <Empty
            icon="models"
            title="No models yet"
            action={
              <a class="btn" href="#/">
                Log in an account
              </a>
            }
          >
            Models come with accounts: log one in, and what it serves stands here.
          </Empty>
        </div>
      )}
      {data !== undefined && data.length > 0 && (
        <>
          <div class="row">
            <input
              class="input grow"
              style={{ maxWidth: '360px' }}
              type="search"
              aria-label="Search models"
              placeholder="Search models"
              value={text}
              onInput={(event) => {
                setText(event.currentTarget.value)
                setParams({ q: event.currentTarget.value || undefined })
              }}
            />
            <span class="muted small tab" role="status">
              {plural(rows.length, 'model')}
            </span>
          </div>
          <div class="card flush">
            {rows.length === 0 ? (
              <Empty icon="models" title="No model of that name" />
            ) : (
              <Rows
                caption="Models"
                columns={COLUMNS}
                rows={rows}
                keyOf={(m) => m.id}
                nameOf={(m) => `${m.id}: which account would get it`}
                onOpen={(m) => setParams({ model: m.id }, false)}
                height={`min(620px, calc(var(--row) * ${rows.length} + 38px))`}
              />
            )}
          </div>
        </>
      )}
      {params['model'] !== undefined && (
        <ModelDrawer
          model={params['model']}
          entry={data?.find((m) => m.id === params['model'])}
          onClose={() => setParams({ model: undefined })}
        />
      )}
    </>
  )
}

function ModelDrawer({ model, entry, onClose }: { model: string; entry: ModelRow | undefined; onClose: () => void }) {
  const { data, error, refresh } = useQuery(`why?${model}`, () => call('why', { query: { model } }), 5000)
  return (
    <Dialog kind="drawer" title={model} onClose={onClose}>
      <div class="row">
        <Copy text={model} what="model name" label="Copy name" />
        <a class="btn sm" href={hrefOf('/connection', { model })}>
          Send a test request
        </a>
      </div>
      {entry !== undefined && entry.fallback.length > 0 && (
        <p class="small">After it are tried: {entry.fallback.join(', ')}.</p>
      )}
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      {data === undefined && error === undefined && <Skeleton height={56} count={4} />}
      {data !== undefined && (
        <>
          <Callout>
            <Words text={data.words} /> <span class="muted">Strategy: {data.strategy}.</span>
          </Callout>
          <Standings targets={data.targets} />
        </>
      )}
    </Dialog>
  )
}
