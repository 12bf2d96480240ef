import { jsonResponse } from '../failures/respond.ts'
import type { ListedModel, OwnResponse } from '../protocol.ts'

/** `GET /v1/models` (https://docs.claude.com/en/api/models-list); an unknown release date is the epoch there. */
export function listModels(models: readonly ListedModel[]): OwnResponse {
  return jsonResponse({
    data: models.map(modelObject),
    has_more: false,
    first_id: models.at(0)?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  })
}

/** `GET /v1/models/{model}`. */
export function oneModel(model: ListedModel): OwnResponse {
  return jsonResponse(modelObject(model))
}

function modelObject(model: ListedModel): object {
  return {
    type: 'model',
    id: model.id,
    display_name: model.displayName ?? model.id,
    created_at: new Date(model.created * 1000).toISOString().replace('.000Z', 'Z'),
    ...(model.contextLength !== undefined && { max_input_tokens: model.contextLength }),
    ...(model.maxOutput !== undefined && { max_tokens: model.maxOutput }),
  }
}
