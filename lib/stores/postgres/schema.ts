/** The version of the tables. A release that changes them counts up, and its `migrate` adds what is missing. */
export const SCHEMA_VERSION = 1

/** What a schema may be named: it needs no quotes, and stands in the text of every statement. */
export const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/

export const SCHEMA_NAMES = 'a name of at most 63 lower-case letters, digits and `_`'

/**
 * Creates the tables, unless they are there. One text of several statements, which PostgreSQL runs as one transaction: of many
 * processes that start at once, one creates and the others wait.
 */
export function createSchema(schema: string): string {
  const s = `"${schema}"`
  return `
SELECT pg_advisory_xact_lock(hashtext('${schema}.migrate'));
DO $migrate$ BEGIN
IF to_regclass('${s}.version') IS NULL THEN
  CREATE SCHEMA IF NOT EXISTS ${s};
  CREATE TABLE ${s}.version (version integer NOT NULL);
  INSERT INTO ${s}.version VALUES (${SCHEMA_VERSION});

  -- The one clock of all processes.
  CREATE FUNCTION ${s}.clock() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT statement_timestamp()';

  -- The processes that run queries, when each was there for the last time, and since when it is there without a gap.
  CREATE TABLE ${s}.executors (id uuid PRIMARY KEY, seen_at timestamptz NOT NULL, here_since timestamptz NOT NULL);

  CREATE TABLE ${s}.queries (
    -- A digest of owner and id: without its owner, no query is found.
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    -- Looked up only for callers who may delete queries of others.
    id text COLLATE "C" NOT NULL UNIQUE,
    owner bytea NOT NULL CHECK (octet_length(owner) = 32),
    state text NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed')),
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    deleted_at timestamptz,
    -- No client keeps it longer at a time. NULL: as long as clients want.
    max_keep_alive_ms double precision,
    kept boolean NOT NULL,
    columnar boolean NOT NULL,
    time_zone text,
    column_metadata boolean NOT NULL,
    -- The process that runs the query, or has. A process that is lost is just not among the executors.
    executor uuid,
    attempt integer NOT NULL DEFAULT 1,
    -- How often the query may run, if its processes are lost.
    max_attempts integer NOT NULL,
    is_stopped boolean NOT NULL DEFAULT false,
    -- Only while the query runs. Beyond its text only where it may run again, and then with its owner.
    request bytea,
    -- Digests of what a submit that comes again has.
    idempotency_key bytea,
    fingerprint bytea,
    -- A submit with a key has told the id of the query to its client.
    is_told boolean NOT NULL DEFAULT false,
    -- Only submits with its key find the query.
    is_hidden boolean NOT NULL DEFAULT false,
    took_nanos bigint,
    is_partial boolean,
    -- The result without its rows.
    head bytea,
    -- The rows, where one chunk holds them all.
    body bytea,
    chunks integer NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    failure bytea
  ) WITH (fillfactor = 80);
  CREATE INDEX queries_owner ON ${s}.queries (owner, started_at) WHERE deleted_at IS NULL;
  CREATE INDEX queries_expiry ON ${s}.queries (expires_at);
  CREATE INDEX queries_deleted ON ${s}.queries (deleted_at) WHERE deleted_at IS NOT NULL;
  CREATE INDEX queries_active ON ${s}.queries (executor) WHERE state IN ('queued', 'running');
  CREATE UNIQUE INDEX queries_idempotency ON ${s}.queries (owner, idempotency_key)
    WHERE idempotency_key IS NOT NULL AND deleted_at IS NULL;

  CREATE TABLE ${s}.chunks (
    key bytea NOT NULL,
    attempt integer NOT NULL,
    no integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (key, attempt, no)
  );
  -- All of these are packed already.
  ALTER TABLE ${s}.queries ALTER head SET STORAGE EXTERNAL, ALTER body SET STORAGE EXTERNAL;
  ALTER TABLE ${s}.chunks ALTER data SET STORAGE EXTERNAL;
ELSIF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = '${s}.executors'::regclass AND attname = 'here_since') THEN
  -- A process that does not know the column yet is never taken for one that was there without a gap.
  ALTER TABLE ${s}.executors ADD here_since timestamptz NOT NULL DEFAULT 'infinity';
END IF;
END $migrate$;`
}

/**
 * The SQL that creates the tables of {@link PostgresStore}, unless they are there, for those whose application may create none.
 * `npx express-esql-async-query --postgres-schema | psql` runs it.
 *
 * Throws a `TypeError` for a name that needs quotes.
 *
 * @param schema the schema of the tables, `esql_async` by default
 */
export function postgresSchema(schema = 'esql_async'): string {
  if (!SCHEMA_NAME.test(schema)) throw new TypeError(`postgresSchema takes ${SCHEMA_NAMES}`)
  return `BEGIN;${createSchema(schema)}\nCOMMIT;\n`
}
