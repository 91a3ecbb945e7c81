import './core/supported-node'

export type { Caller, CallerContext, Owner, ResolveCaller } from './core/caller'
export { ownerOf } from './core/caller'
export type { Clock } from './core/clock'
export type { ErrorDescription } from './core/describe-error'
export type { ErrorCause, ErrorType, QueryErrorOptions } from './core/errors'
export { ERROR_STATUS, QueryError } from './core/errors'
export type { Idempotency } from './core/idempotency'
export { idempotencyKeyReused } from './core/idempotency'
export { JsonText } from './core/json-text'
export type { Logger } from './core/logger'
export type {
  Attributes,
  Counter,
  Histogram,
  InstrumentOptions,
  Meter,
  MeterProvider,
  ObservableGauge,
} from './core/meter'
export type {
  DeleteOptions,
  GetOptions,
  ListOptions,
  QueryOptions,
  SubmitOptions,
  WaitOptions,
} from './core/operations'
export type {
  JsonLabel,
  PassThrough,
  QueryState,
  SentParameter,
  SubmitBody,
  SubmitTimes,
  WireAnswer,
  WireRequest,
} from './core/pass-through'
export type {
  Column,
  ColumnType,
  EngineResult,
  QueryResult,
  QueryStatistics,
  ResultEnd,
  RowBatches,
  Rows,
  StoredResult,
  Value,
  ValueObject,
} from './core/result'
export { COLUMN_TYPES } from './core/result'
export { rowsToResult } from './core/rows-to-result'
export type {
  AsyncQuery,
  AsyncQueryStore,
  CompletedQuery,
  ListedQuery,
  QueryParam,
  QueryProgress,
  QueryRequest,
  QueryTimes,
  RunningQuery,
} from './core/store'
export type { JwtAlgorithm } from './jwt/algorithms'
export type { ClaimFunction, ClaimTest, JwtClaims } from './jwt/claims'
export type { JwtHeader } from './jwt/header'
export type { Fetch, FetchedResponse } from './jwt/jwks/json-document'
export type { JwksOptions } from './jwt/jwks/options'
export { jwtCaller } from './jwt/jwt-caller'
export type { JsonWebKey, JwtKey } from './jwt/key'
export type { JwtKeySource } from './jwt/key-finder'
export type { JwtCallerOptions } from './jwt/options'
export type { ProbeHandler } from './probes/handlers'
export { healthHandler, readyHandler } from './probes/handlers'
export type { ReadyCheck, ReadyHandlerOptions } from './probes/options'
export { esqlErrorHandler } from './router/error-handler'
export type { ProductInfoOptions } from './router/info/options'
export { esqlProductInfo } from './router/info/product-info'
export type { AsyncQueryRouterOptions } from './router/options'
export type { AsyncQueryRouter } from './router/router'
export { asyncQueryRouter } from './router/router'
export type { GracefulShutdown } from './shutdown/graceful-shutdown'
export { gracefulShutdown } from './shutdown/graceful-shutdown'
export type { GracefulShutdownOptions } from './shutdown/options'
export type {
  ElasticsearchClient,
  ElasticsearchStoreOptions,
} from './stores/elasticsearch/elasticsearch-store'
export { ElasticsearchStore, newSealingKey } from './stores/elasticsearch/elasticsearch-store'
export type { Execute, ExecuteContext } from './stores/execution/execute'
export { MemoryStore } from './stores/memory/memory-store'
export type { MemoryStoreOptions } from './stores/memory/options'
export type { PostgresPool, PostgresStatement } from './stores/postgres/database'
export type { PostgresStoreOptions } from './stores/postgres/options'
export { PostgresStore } from './stores/postgres/postgres-store'
export { postgresSchema } from './stores/postgres/schema'
export type { RequestEvent } from './telemetry/request-log'
