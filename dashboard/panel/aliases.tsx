/** Names clients use, and the models behind them. */
import type { ModelRow } from '../../src/server/admin/management/contract.ts'
import { useModels } from '../lib/data.ts'
import { Empty, Head, Section, Skeleton, Trouble } from '../ui/basic.tsx'
import { Table, type TableColumn } from '../ui/table.tsx'
import { PartOfConfig } from './config.tsx'

const KEYS = ['oauth-model-alias', 'oauth-excluded-models', 'fallback', 'force-model-prefix']

const COLUMNS: readonly TableColumn<ModelRow>[] = [
  { title: 'Name', head: true, look: 'mono small', cell: (m) => m.id },
  { title: 'Stands for', look: 'mono small wrap-any', cell: (m) => m.upstream.join(', ') },
  {
    title: 'Tried after it',
    hide: 's',
    look: 'mono small wrap-any',
    cell: (m) => m.fallback.join(', ') || '–',
  },
  { title: 'Provider', hide: 'm', look: 'muted small', cell: (m) => m.providers.join(', ') },
]

export function AliasesView() {
  const { data, error, refresh } = useModels()
  const renamed = (data ?? []).filter((m) => m.upstream.some((u) => u !== m.id) || m.fallback.length > 0)
  return (
    <>
      <Head title="Models and aliases">
        Give models names of your own, keep some out, and say what is tried after a model. Aliases of accounts with a
        key stand with the key, in the config.
      </Head>
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      <Section title="In force">
        {data === undefined && error === undefined && <Skeleton height={40} count={3} />}
        {data !== undefined && (
          <div class="card flush">
            {renamed.length === 0 ? (
              <Empty icon="swap" title="No alias is in force">
                Models answer to the names their vendors gave them. Add an alias below.
              </Empty>
            ) : (
              <Table
                caption="Aliases and fallbacks in force"
                columns={COLUMNS}
                rows={renamed}
                keyOf={(m) => m.id}
                height="360px"
              />
            )}
          </div>
        )}
      </Section>
      <Section title="Change">
        <PartOfConfig keys={KEYS} />
      </Section>
    </>
  )
}
