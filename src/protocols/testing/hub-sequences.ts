/** The name `hub-events.ts` had for a while; delete when nothing imports it. */
export { type HubEventOptions, hubEvents } from './hub-events.ts'
