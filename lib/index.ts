export type { Caller, Owner, ResolveCaller } from './caller'
export { ownerOf } from './caller'
export type { Clock } from './clock'
export type { ErrorCause, ErrorType, QueryErrorOptions } from './errors'
export { ERROR_STATUS, QueryError } from './errors'
export type {
  ClaimTest,
  JwksOptions,
  JwtAlgorithm,
  JwtCallerOptions,
  JwtClaims,
  JwtHeader,
  JwtKey,
  JwtKeySource,
} from './jwt/jwt-caller'
export { jwtCaller } from './jwt/jwt-caller'
export type { Logger } from './logger'
export type { AsyncQueryRouterOptions } from './options'
export type {
  Column,
  ColumnType,
  QueryResult,
  QueryStatistics,
  Value,
  ValueObject,
} from './result'
export { COLUMN_TYPES } from './result'
export type { AsyncQueryRouter } from './router'
export { asyncQueryRouter } from './router'
export type {
  AsyncQuery,
  AsyncQueryStore,
  CompletedQuery,
  DeleteOptions,
  GetOptions,
  QueryParam,
  QueryRequest,
  RunningQuery,
  SubmitOptions,
  WaitOptions,
} from './store'
export type { ElasticsearchClient, ElasticsearchStoreOptions } from './stores/elasticsearch'
export { ElasticsearchStore, newSealingKey } from './stores/elasticsearch'
export type { Execute, ExecuteContext, MemoryStoreOptions } from './stores/memory'
export { MemoryStore } from './stores/memory'
export type { Meter, MeterProvider } from './telemetry/meter'
export type { RequestEvent } from './telemetry/request-event'
