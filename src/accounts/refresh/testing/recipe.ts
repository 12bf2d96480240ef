import type { RefreshRecipe } from '../../oauth/flow.ts'

/** A recipe for vendors of tests. */
export const RECIPE: RefreshRecipe = {
  url: 'http://127.0.0.1:9/token',
  body: 'form',
  fields: {},
  headers: {},
  clientId: 'client',
  dead: { codes: [], statuses: [] },
}
