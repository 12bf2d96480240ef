import { jsonResponse } from '../failures/respond.ts'
import type { ListedModel, OwnResponse } from '../protocol.ts'

/** Codex asks for a list in which each level of thinking has a description. */
const REASONING_LEVELS = [
  { effort: 'low', description: 'Fast answers with little reasoning' },
  { effort: 'medium', description: 'Balances speed and reasoning depth' },
  { effort: 'high', description: 'More reasoning for hard problems' },
]

/**
 * `GET /v1/models?client_version=`: the list the Codex CLI reads.
 * `base_instructions` is left out on purpose: Codex takes it as the system prompt of that model, and a prompt is not
 * ours to give; without it Codex keeps to what it knows of the model itself.
 */
export function listModels(models: readonly ListedModel[]): OwnResponse {
  return jsonResponse({ models: models.map(codexModel) })
}

/** One model in the same shape. */
export function oneModel(model: ListedModel): OwnResponse {
  return jsonResponse(codexModel(model, 0))
}

function codexModel(model: ListedModel, index: number): object {
  const window = model.contextLength ?? null
  return {
    slug: model.id,
    display_name: model.displayName ?? model.id,
    description: `${model.displayName ?? model.id} (${model.ownedBy})`,
    default_reasoning_level: 'medium',
    supported_reasoning_levels: REASONING_LEVELS,
    shell_type: 'shell_command',
    visibility: 'list',
    supported_in_api: true,
    priority: index,
    context_window: window,
    max_context_window: window,
    supports_reasoning_summaries: false,
    support_verbosity: false,
    supports_parallel_tool_calls: true,
    truncation_policy: { mode: 'tokens', limit: 10_000 },
    experimental_supported_tools: [],
    input_modalities: ['text', 'image'],
  }
}
