import type { CredentialRow, UsageRow } from '../store.ts'

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export const credential = (id: string, version: number, more: Partial<CredentialRow> = {}): CredentialRow => ({
  id,
  provider: 'claude',
  version,
  sealed: bytes(`seal ${version}`),
  facts: '{"label":"one"}',
  expiresAt: 9_000,
  updatedAt: 1_000,
  ...more,
})

export const usageRow = (id: string, at: number, more: Partial<UsageRow> = {}): UsageRow => ({
  id,
  at,
  clientKey: 'laptop',
  protocol: 'anthropic',
  endpoint: '/v1/messages',
  requestedModel: 'auto',
  servedModel: 'claude-opus-4-5',
  category: 'code',
  provider: 'claude',
  account: 'claude-1f3a9c0b2d',
  lane: 'translate',
  status: 200,
  failure: '',
  final: 1,
  attempts: 1,
  latencyMs: 1200,
  dropped: '',
  detail: '',
  ...more,
})
