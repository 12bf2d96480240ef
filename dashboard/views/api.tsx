/** The API clients use, with commands to copy and how common programs are pointed here. */
import { useState } from 'preact/hooks'
import type { Reference } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { useQuery } from '../lib/query.ts'
import { linkTo } from '../lib/views.ts'
import { Code, Empty, Head, Pill, Section, Skeleton, Trouble } from '../ui/basic.tsx'
import { Tabs } from '../ui/overlay.tsx'
import { Table, type TableColumn } from '../ui/table.tsx'

const KEY = '$LOGICAPROXY_KEY'

/** One command for each dialect. The key is a variable: keys are never in a page. */
const CURLS = [
  {
    value: 'openai-chat',
    label: 'OpenAI Chat',
    text: (base: string) => `curl ${base}/v1/chat/completions \\
  -H "Authorization: Bearer ${KEY}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "auto",
    "messages": [{"role": "user", "content": "Say hello in five words."}]
  }'`,
  },
  {
    value: 'openai-responses',
    label: 'OpenAI Responses',
    text: (base: string) => `curl ${base}/v1/responses \\
  -H "Authorization: Bearer ${KEY}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "auto", "input": "Say hello in five words."}'`,
  },
  {
    value: 'anthropic',
    label: 'Anthropic',
    text: (base: string) => `curl ${base}/v1/messages \\
  -H "x-api-key: ${KEY}" \\
  -H "anthropic-version: 2023-06-01" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "auto",
    "max_tokens": 256,
    "messages": [{"role": "user", "content": "Say hello in five words."}]
  }'`,
  },
  {
    value: 'gemini',
    label: 'Gemini',
    text: (base: string) => `curl "${base}/v1beta/models/auto:generateContent" \\
  -H "x-goog-api-key: ${KEY}" \\
  -H "Content-Type: application/json" \\
  -d '{"contents": [{"role": "user", "parts": [{"text": "Say hello in five words."}]}]}'`,
  },
] as const

const COLUMNS: readonly TableColumn<Reference['endpoints'][number]>[] = [
  {
    title: 'Endpoint',
    head: true,
    look: 'mono small',
    cell: (e) => (
      <>
        <span class="muted">{e.method}</span> {e.path}
      </>
    ),
  },
  {
    title: 'What for',
    cell: (e) => (
      <>
        {e.summary} {e.stream && <Pill>streams</Pill>}
      </>
    ),
  },
  { title: 'Dialect', hide: 's', look: 'muted small nowrap', cell: (e) => e.protocol },
]

export function ApiView() {
  const { data, error, refresh } = useQuery('reference', () => call('reference'))
  const [dialect, setDialect] = useState<(typeof CURLS)[number]['value']>('openai-chat')
  const [client, setClient] = useState<string>()
  const chosen = data?.clients.find((c) => c.name === client) ?? data?.clients[0]
  return (
    <>
      <Head title="API reference">
        Every dialect reaches every model. Set <code>LOGICAPROXY_KEY</code> to a client key, which you make in the{' '}
        <a href={linkTo('panel', '#/keys')}>control panel</a>.
      </Head>
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      {data === undefined && error === undefined && <Skeleton height={160} count={2} />}
      {data !== undefined && (
        <>
          <Section title="Try it">
            <div class="card stack">
              <Tabs label="Dialect" value={dialect} options={CURLS} onChange={setDialect}>
                <Code
                  text={CURLS.find((c) => c.value === dialect)!.text(data.baseUrl)}
                  what={`curl command, ${dialect}`}
                />
              </Tabs>
            </div>
          </Section>
          <Section title="Programs">
            <div class="card stack">
              {chosen === undefined ? (
                <Empty icon="book" title="No programs are described" />
              ) : (
                <Tabs
                  label="Program"
                  value={chosen.name}
                  options={data.clients.map((c) => ({ value: c.name, label: c.name }))}
                  onChange={setClient}
                >
                  <Code text={chosen.lines.join('\n')} what={`settings for ${chosen.name}`} />
                </Tabs>
              )}
            </div>
          </Section>
          <Section title="Endpoints">
            <div class="card flush">
              <Table
                caption="Endpoints of the API"
                columns={COLUMNS}
                rows={data.endpoints}
                keyOf={(e) => e.method + e.path}
              />
            </div>
          </Section>
        </>
      )}
    </>
  )
}
