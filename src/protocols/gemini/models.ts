import { jsonResponse } from '../failures/respond.ts'
import type { ListedModel, OwnResponse } from '../protocol.ts'

/** `GET /v1beta/models` (https://ai.google.dev/api/models). */
export function listModels(models: readonly ListedModel[]): OwnResponse {
  return jsonResponse({ models: models.map(modelObject) })
}

/** `GET /v1beta/models/{model}`. */
export function oneModel(model: ListedModel): OwnResponse {
  return jsonResponse(modelObject(model))
}

function modelObject(model: ListedModel): object {
  return {
    name: `models/${model.id}`,
    version: '001',
    displayName: model.displayName ?? model.id,
    description: `${model.displayName ?? model.id} (${model.ownedBy})`,
    ...(model.contextLength !== undefined && { inputTokenLimit: model.contextLength }),
    ...(model.maxOutput !== undefined && { outputTokenLimit: model.maxOutput }),
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
  }
}
