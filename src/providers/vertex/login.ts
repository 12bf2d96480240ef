/**
 * Vertex AI by a service account (domain.md 1.9): its key file is imported, and each token is asked for with an assertion
 * that the key signs. There is nothing to log in to.
 */
import { LoginError, type LoginFlow } from '../../accounts/oauth/flow.ts'

/** Detail with the region its requests go to. */
export const LOCATION = 'location'
export const USUAL_LOCATION = 'us-central1'

const TOKEN_URL = 'https://oauth2.googleapis.com/token'

export const login: LoginFlow = {
  policy: {
    state: 'supported',
    since: '2026-11-22',
    note: "Service accounts are Google Cloud's own way for programs; usage is billed to the project.",
    url: 'https://cloud.google.com/terms',
  },
  title: 'Vertex AI (service account)',
  clientId: '',
  scopes: ['https://www.googleapis.com/auth/cloud-platform'],
  token: { url: TOKEN_URL, exchange: 'form', refresh: 'form' },
  renewal: () => ({
    by: 'service-account',
    url: TOKEN_URL,
    fields: { scope: 'https://www.googleapis.com/auth/cloud-platform', aud: TOKEN_URL },
  }),
  baseUrl: `https://${USUAL_LOCATION}-aiplatform.googleapis.com`,
  instead: 'Import the key file of a service account: logicaproxy import --provider vertex --from key.json --move',
  async identify() {
    throw new LoginError('input', 'A service account is named by its key file. Import that again.')
  },
}
