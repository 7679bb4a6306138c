export { Rescind, type RescindOptions } from './client.ts'
export type { BulkOptions, Failed, Mode } from './bulk.ts'
export type { CallOptions, CodeOptions, Codes, Question, RedeemResult, ValidateResult } from './codes.ts'
export {
  AnswerError,
  AuthorizationError,
  CodeRefusedError,
  ConnectionError,
  GrantError,
  RateLimitError,
  RescindError,
  WebhookError,
  type Effect,
  type GrantFault,
  type WebhookFault,
} from './errors.ts'
export type { GenerateOptions, GenerateResult, SendTo, UserToGenerate } from './generate.ts'
export type { GrantOptions, ResetGrant, VerifyOptions } from './grant.ts'
export type { ApiKeyFile, OAuthClientFile } from './key.ts'
export type { Progress, Run } from './run.ts'
export type { VoidResult } from './void.ts'
export { verifyWebhook, type WebhookEvent, type WebhookHeaders, type WebhookOptions } from './webhook.ts'
