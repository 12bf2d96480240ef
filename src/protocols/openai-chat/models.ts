import { jsonResponse } from '../failures/respond.ts'
import type { ListedModel, OwnResponse } from '../protocol.ts'

/** `GET /v1/models` (https://platform.openai.com/docs/api-reference/models); lengths go beyond it, as users ask for. */
export function listModels(models: readonly ListedModel[]): OwnResponse {
  return jsonResponse({ object: 'list', data: models.map(modelObject) })
}

/** `GET /v1/models/{model}`. */
export function oneModel(model: ListedModel): OwnResponse {
  return jsonResponse(modelObject(model))
}

function modelObject(model: ListedModel): object {
  return {
    id: model.id,
    object: 'model',
    created: model.created,
    owned_by: model.ownedBy,
    ...(model.contextLength !== undefined && { context_length: model.contextLength }),
    ...(model.maxOutput !== undefined && { max_output_tokens: model.maxOutput }),
  }
}
