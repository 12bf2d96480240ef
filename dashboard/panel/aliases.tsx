/** Names clients use, and the models behind them. */
import { useModels } from '../lib/data.ts'
import { Empty, Head, Scroll, Section, Skeleton, Trouble } from '../ui/basic.tsx'
import { PartOfConfig } from './config.tsx'

const KEYS = ['oauth-model-alias', 'oauth-excluded-models', 'fallback', 'force-model-prefix']

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
              <Scroll name="Aliases and fallbacks" height="360px">
                <table class="table">
                  <caption class="sr">Aliases and fallbacks in force</caption>
                  <thead>
                    <tr>
                      <th scope="col">Name</th>
                      <th scope="col">Is</th>
                      <th scope="col" class="hide-s">
                        Then
                      </th>
                      <th scope="col" class="hide-m">
                        At
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {renamed.map((m) => (
                      <tr key={m.id}>
                        <th scope="row" class="cell mono small">
                          {m.id}
                        </th>
                        <td class="mono small wrap-any">{m.upstream.join(', ')}</td>
                        <td class="mono small wrap-any hide-s">{m.fallback.join(', ') || '–'}</td>
                        <td class="muted small hide-m">{m.providers.join(', ')}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Scroll>
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
