/** The parts of the config that describe accounts with an API key and the endpoints they belong to. */
import * as z from 'zod'
import * as f from './fields.ts'

/** The dialects an endpoint described in the config may speak. */
export const endpointProtocols = ['openai-chat', 'openai-responses', 'anthropic', 'gemini'] as const

const thinking = f
  .mapping({
    levels: f.listOf(f.filled()).optional().describe('Reasoning levels this model accepts, such as low, medium, high.'),
  })
  .optional()
  .describe('What kind of reasoning control this model has.')

const model = f
  .mapping({
    name: f.filled().describe('Model name at the upstream.'),
    alias: f
      .text()
      .optional()
      .describe('Name the clients use; the upstream name when left out. Repeat an alias to make a pool.'),
    'display-name': f.text().optional().describe('Human-readable name in model lists.'),
    'max-context-length': f.whole(1).optional().describe('Context window in tokens, told in model lists.'),
    thinking,
  })
  .transform((entry) => ({ ...entry, alias: entry.alias || entry.name }))

const models = f.listOrNone(model).describe('Models this endpoint serves, with the names the clients use.')

const excluded = f
  .listOrNone(f.modelPattern())
  .describe('Models never used here; * stands for any text, as in "gemini-2.5-*" or "*-preview".')

const weight = () => f.whole(-1_000_000, 1_000_000)
const weightText = 'Share of the traffic under the weighted strategy, 1 to 1000000; 0 or less leaves the account out.'
const priority = () => z.int({ error: 'a whole number' })
const priorityText = 'Accounts of the highest priority are used first.'
const label = {
  'display-name': f.text().optional().describe('Name shown in logs, lists and the dashboard.'),
  label: f.text().optional().describe('Another spelling of display-name.'),
  note: f.text().optional().describe('A remark of yours; nothing reads it.'),
}
const cooling = {
  'disable-cooling': f.flag().optional().describe('Never rest this account after failures; overrides the global key.'),
}

/** Folds the second spelling of the name into the first, so that each datum lives once. */
function foldLabel<T extends { label?: string; 'display-name'?: string }>({ label: other, ...entry }: T) {
  return { ...entry, 'display-name': entry['display-name'] ?? other }
}

const account = (fallback: string) =>
  f
    .mapping({
      'api-key': f.filled().describe('The API key.'),
      'base-url': f.baseUrl(fallback).describe(`Address of the endpoint; ${fallback} when left out.`),
      'proxy-url': f.proxyUrl().describe('Proxy for this account alone; "direct" uses none.'),
      disabled: f.flag().default(false).describe('true takes this account out of use.'),
      ...label,
      priority: priority().default(0).describe(priorityText),
      weight: weight().default(1).describe(weightText),
      prefix: f.text().default('').describe('Reach this account as "prefix/model".'),
      headers: f.headers().describe('Extra request headers; a value "$Name" copies that header of the client.'),
      models,
      'excluded-models': excluded,
      ...cooling,
    })
    .transform(foldLabel)

/** Accounts of one vendor with an API key each. */
const accounts = (fallback: string) => f.listOrNone(account(fallback))

const keyEntry = f
  .mapping({
    'api-key': f.text().default('').describe('The API key; empty for an endpoint that needs none.'),
    'proxy-url': f.proxyUrl().describe('Proxy for this key alone; "direct" uses none.'),
    disabled: f.flag().default(false).describe('true takes this key out of use.'),
    ...label,
    priority: priority().optional().describe(priorityText),
    weight: weight().optional().describe(weightText),
    prefix: f.text().optional().describe('Reach this key as "prefix/model"; the provider\'s prefix when left out.'),
    headers: f.headers().describe("Extra request headers beside the provider's."),
    models,
    'excluded-models': excluded,
    ...cooling,
  })
  .transform(foldLabel)

const compatible = f
  .mapping({
    name: f.filled().describe('Name of the provider; it must be used once only.'),
    'base-url': f.requiredBaseUrl().describe('Address of the endpoint, with its /v1 if it has one.'),
    protocol: f
      .oneOrMany(f.oneOf(endpointProtocols), `${f.listed(endpointProtocols)}, or a list of them`)
      .default(['openai-chat'])
      .describe('Dialects the endpoint speaks: one, or a list.'),
    'api-key-entries': f.listOrNone(keyEntry).describe('One account for each key; leave out for an open endpoint.'),
    'proxy-url': f.proxyUrl().describe('Proxy for this provider; "direct" uses none.'),
    disabled: f.flag().default(false).describe('true takes this provider out of use.'),
    ...label,
    priority: priority().default(0).describe(priorityText),
    weight: weight().default(1).describe(weightText),
    prefix: f.text().default('').describe('Reach this provider as "prefix/model".'),
    headers: f.headers().describe('Extra request headers; a value "$Name" copies that header of the client.'),
    models,
    'excluded-models': excluded,
    ...cooling,
  })
  .transform(foldLabel)

/** The provider keys of the config file. */
export const providerShape = {
  'claude-api-key': accounts('https://api.anthropic.com').describe('Anthropic accounts with an API key.'),
  'openai-api-key': accounts('https://api.openai.com/v1').describe(
    'OpenAI accounts with an API key; they speak Responses and Chat Completions.',
  ),
  'codex-api-key': accounts('https://api.openai.com/v1').describe('Endpoints that speak OpenAI Responses.'),
  'gemini-api-key': accounts('https://generativelanguage.googleapis.com').describe('Gemini accounts with an API key.'),
  'openai-compatibility': f
    .listOrNone(compatible)
    .describe('Any other endpoint that speaks a known dialect, described here alone.'),
}

/** An account given by `claude-api-key`, `openai-api-key`, `codex-api-key` or `gemini-api-key`. */
export type KeyAccount = z.output<ReturnType<typeof account>>
/** An endpoint given by `openai-compatibility`. */
export type CompatibleProvider = z.output<typeof compatible>
/** One key of an `openai-compatibility` endpoint. */
export type CompatibleKey = z.output<typeof keyEntry>
/** A model of an account or an endpoint; `alias` is always filled. */
export type ModelEntry = z.output<typeof model>
/** A dialect an endpoint may speak. */
export type EndpointProtocol = (typeof endpointProtocols)[number]
