/**
 * The schema's history: data, never edited once released; a change is a new entry at the end. `{bytes}`, `{text}` and
 * `{ordered}` stand for what the engines spell differently (`Dialect`).
 */

export interface Migration {
  version: number
  statements: readonly string[]
}

const usageNumber = (name: string) => `${name} BIGINT NOT NULL`
const usageText = (name: string) => `${name} {text} NOT NULL`

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      'CREATE TABLE lp_changes (topic {text} NOT NULL PRIMARY KEY, revision BIGINT NOT NULL)',
      `CREATE TABLE lp_credentials (id {text} NOT NULL PRIMARY KEY, provider TEXT NOT NULL, version BIGINT NOT NULL,
        sealed {bytes} NOT NULL, facts TEXT NOT NULL, expires_at BIGINT, updated_at BIGINT NOT NULL)`,
      'CREATE TABLE lp_manifest (id BIGINT NOT NULL PRIMARY KEY, revision BIGINT NOT NULL, value {bytes} NOT NULL)',
      `CREATE TABLE lp_leases (name {text} NOT NULL PRIMARY KEY, owner TEXT NOT NULL, number BIGINT NOT NULL,
        held_until BIGINT NOT NULL, note TEXT)`,
      `CREATE TABLE lp_documents (kind {text} NOT NULL, id {text} NOT NULL, version BIGINT NOT NULL, value TEXT NOT NULL,
        updated_at BIGINT NOT NULL, expires_at BIGINT, PRIMARY KEY (kind, id))`,
      'CREATE INDEX lp_documents_expiry ON lp_documents (expires_at) WHERE expires_at IS NOT NULL',
      // Rows stand in the order of time, and what only a detail page shows stands apart: totals read narrow rows.
      `CREATE TABLE lp_usage (id {text} NOT NULL, at BIGINT NOT NULL, ${[
        'client_key',
        'protocol',
        'endpoint',
        'requested_model',
        'served_model',
        'category',
        'provider',
        'account',
        'lane',
      ]
        .map(usageText)
        .join(', ')}, ${usageNumber('status')}, ${usageText('failure')}, ${['final', 'attempts', 'latency_ms']
        .map(usageNumber)
        .join(', ')}, first_event_ms BIGINT, input_tokens BIGINT, cache_read_tokens BIGINT, cache_write_tokens BIGINT,
        output_tokens BIGINT, reasoning_tokens BIGINT, cost_micros BIGINT, dropped TEXT NOT NULL,
        PRIMARY KEY (at, id)){ordered}`,
      'CREATE UNIQUE INDEX lp_usage_id ON lp_usage (id)',
      'CREATE TABLE lp_usage_detail (at BIGINT NOT NULL, id {text} NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (at, id)){ordered}',
    ],
  },
]
