export {
  createClient,
  unwrap,
  type CallsheetClient,
  type ClientOptions,
  type EventFilter,
  type FollowOptions,
  type JobFilter,
} from './client.js';
export { CallsheetError, type Problem } from './errors.js';
export type { components, operations, paths } from './schema.js';
export type { JobMessage, JobsMessage, Message } from './streams.js';
