/** The management API's public side. */
export { createManagement, type Management } from './app.ts'
export type { ManagementContext } from './context.ts'
export { createLogRing, type LogFace, type LogRing } from './log-ring.ts'
