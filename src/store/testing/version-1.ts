/** The schema of version 1 as it was released, with data: written out by hand and never changed (schema.test.ts). */

/** What stands in it, for both engines: `bytes` is a literal of the bytes 1, 2, 3. */
export const versionOne = (engine: 'sqlite' | 'postgres'): string[] => {
  const text = engine === 'sqlite' ? 'TEXT' : 'TEXT COLLATE "C"'
  const blob = engine === 'sqlite' ? 'BLOB' : 'BYTEA'
  const ordered = engine === 'sqlite' ? ' WITHOUT ROWID' : ''
  const bytes = engine === 'sqlite' ? "x'010203'" : "'\\x010203'"
  return [
    ...(engine === 'sqlite' ? ['PRAGMA application_id = 1281839224'] : []),
    'CREATE TABLE lp_schema (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)',
    'INSERT INTO lp_schema VALUES (1, 1700000000000)',
    `CREATE TABLE lp_changes (topic ${text} NOT NULL PRIMARY KEY, revision BIGINT NOT NULL)`,
    "INSERT INTO lp_changes VALUES ('credentials', 7)",
    `CREATE TABLE lp_credentials (id ${text} NOT NULL PRIMARY KEY, provider TEXT NOT NULL, version BIGINT NOT NULL,
      sealed ${blob} NOT NULL, facts TEXT NOT NULL, expires_at BIGINT, updated_at BIGINT NOT NULL)`,
    `INSERT INTO lp_credentials VALUES ('claude-1', 'claude', 4, ${bytes}, '{"label":"one"}', NULL, 1000)`,
    `CREATE TABLE lp_manifest (id BIGINT NOT NULL PRIMARY KEY, revision BIGINT NOT NULL, value ${blob} NOT NULL)`,
    `INSERT INTO lp_manifest VALUES (1, 9, ${bytes})`,
    `CREATE TABLE lp_leases (name ${text} NOT NULL PRIMARY KEY, owner TEXT NOT NULL, number BIGINT NOT NULL,
      held_until BIGINT NOT NULL, note TEXT)`,
    "INSERT INTO lp_leases VALUES ('refresh claude-1', 'somebody', 5, 2000, 'presents abc')",
    `CREATE TABLE lp_documents (kind ${text} NOT NULL, id ${text} NOT NULL, version BIGINT NOT NULL,
      value TEXT NOT NULL, updated_at BIGINT NOT NULL, expires_at BIGINT, PRIMARY KEY (kind, id))`,
    'CREATE INDEX lp_documents_expiry ON lp_documents (expires_at) WHERE expires_at IS NOT NULL',
    "INSERT INTO lp_documents VALUES ('settings', 'x', 3, '{}', 1000, NULL)",
    `CREATE TABLE lp_usage (id ${text} NOT NULL, at BIGINT NOT NULL, ${[
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
      .map((name) => `${name} ${text} NOT NULL`)
      .join(', ')}, status BIGINT NOT NULL, failure ${text} NOT NULL, final BIGINT NOT NULL, attempts BIGINT NOT NULL,
      latency_ms BIGINT NOT NULL, first_event_ms BIGINT, input_tokens BIGINT, cache_read_tokens BIGINT,
      cache_write_tokens BIGINT, output_tokens BIGINT, reasoning_tokens BIGINT, cost_micros BIGINT,
      dropped TEXT NOT NULL, PRIMARY KEY (at, id))${ordered}`,
    'CREATE UNIQUE INDEX lp_usage_id ON lp_usage (id)',
    `INSERT INTO lp_usage VALUES ('req_1/0', 1000, 'laptop', 'anthropic', '/v1/messages', 'auto', 'opus', 'code',
      'claude', 'claude-1', 'native', 200, '', 1, 1, 900, 120, 10, NULL, NULL, 20, NULL, 5, 'stop')`,
    `CREATE TABLE lp_usage_detail (at BIGINT NOT NULL, id ${text} NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (at, id))${ordered}`,
    `INSERT INTO lp_usage_detail VALUES (1000, 'req_1/0', '{"why":"affinity"}')`,
  ]
}
