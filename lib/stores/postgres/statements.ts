/** The texts of all statements. Each commits alone, and every value goes through a placeholder. */
export type Statements = ReturnType<typeof statementsFor>

const ms = (parameter: string): string => `${parameter}::float8 * interval '1 millisecond'`
const sinceEpoch = (time: string): string => `(extract(epoch FROM ${time})::float8 * 1000)`

/**
 * `schema` stands in the texts, so it must be a name that needs no quotes. `reruns`: a query whose process is lost runs again,
 * once.
 */
export function statementsFor(schema: string, reruns: boolean) {
  const s = `"${schema}"`
  const clock = `${s}.clock()`
  const there = `deleted_at IS NULL AND expires_at > ${clock}`
  const visible = `${there} AND NOT is_hidden`
  const leftMs = `${sinceEpoch(`expires_at - ${clock}`)} AS left_ms`
  const times = `${sinceEpoch('started_at')} AS started_ms, ${sinceEpoch('expires_at')} AS expires_ms, ${leftMs}`
  const isOver = (grace: string): string =>
    `(expires_at < ${clock} - ${ms(grace)} OR deleted_at < ${clock} - ${ms(grace)})`
  const isThere = (executor: string, lease: string): string =>
    `EXISTS (SELECT FROM ${s}.executors WHERE id = ${executor} AND seen_at > ${clock} - ${ms(lease)})`
  /** A process that was not there for as long as this has a gap. */
  const gap = (lease: string): string => `${ms(lease)} / 2`
  /**
   * A running query has no process, or one that was not there for longer than the lease, although another one was without a
   * gap. Without such a witness, it may be that no process could reach the server.
   */
  const isLost = (query: string, lease: string): string =>
    `(${query}.executor IS NULL OR (NOT ${isThere(`${query}.executor`, lease)} AND EXISTS (SELECT FROM ${s}.executors
       WHERE here_since < ${clock} - ${ms(lease)} AND seen_at > ${clock} - ${gap(lease)})))`
  const isOrphan = (query: string, lease: string): string =>
    reruns ? `(attempt < max_attempts AND NOT is_stopped AND ${isLost(query, lease)})` : 'false'
  /** No process will run it to its end. */
  const isLostForGood = (query: string, lease: string): string =>
    `(${isLost(query, lease)} AND NOT ${isOrphan(query, lease)})`

  return {
    version: `SELECT version FROM ${s}.version`,

    /** Counts what the owner has already, and adds the query if that is within the limits. */
    register: `
      WITH used AS (
        SELECT count(*)::float8 AS queries, coalesce(sum(bytes), 0)::float8 AS bytes
        FROM ${s}.queries WHERE owner = $3 AND ${there}
      ), registered AS (
        INSERT INTO ${s}.queries
          (key, id, owner, state, started_at, expires_at, kept, columnar, time_zone, column_metadata, executor, request,
            max_attempts, idempotency_key, fingerprint, max_keep_alive_ms)
        SELECT $1, $2, $3, 'running', ${clock} - ${ms('$4')}, ${clock} - ${ms('$4')} + ${ms('$5')}, $6, $7, $8, $9, $10, $11,
          ${reruns ? 2 : 1}, $14::bytea, $15::bytea, $16::float8
        FROM used WHERE queries < $12::float8 AND bytes < $13::float8
        ON CONFLICT (owner, idempotency_key) WHERE idempotency_key IS NOT NULL AND deleted_at IS NULL DO NOTHING
        RETURNING ${times}
      )
      SELECT used.queries, used.bytes, registered.* FROM used LEFT JOIN registered ON true`,

    /** The query that has this key of this owner already. */
    sameKey: `
      SELECT key, id, fingerprint, ${there} AS is_there FROM ${s}.queries
      WHERE owner = $1 AND idempotency_key = $2 AND deleted_at IS NULL`,

    /** Of a query whose time is over, which is not swept yet. */
    freeKey: `
      UPDATE ${s}.queries SET idempotency_key = NULL
      WHERE owner = $1 AND idempotency_key = $2 AND NOT (${there})`,

    /**
     * The end of a wait of a submit with a key, $2: its client gets the id of a query that runs. Hides a query that has ended and
     * is not kept, unless somebody has its id, for $3.
     */
    settle: `
      UPDATE ${s}.queries SET is_told = state = 'running', is_hidden = state <> 'running',
        expires_at = CASE state WHEN 'running' THEN expires_at ELSE least(expires_at, ${clock} + ${ms('$3')}) END
      WHERE key = $1 AND ${visible} AND NOT is_told
        AND CASE state WHEN 'running' THEN $2::boolean WHEN 'completed' THEN NOT kept ELSE true END`,

    /** $2 is the attempt whose result the reader has already, $3 the lease. */
    get: `
      SELECT ${times}, state, kept, columnar, time_zone, column_metadata, attempt, took_nanos, is_partial, chunks, failure,
        is_hidden,
        CASE WHEN attempt = $2::int THEN NULL ELSE head END AS head,
        CASE WHEN attempt = $2::int THEN NULL ELSE body END AS body,
        state = 'running' AND ${isLostForGood('q', '$3')} AS is_lost,
        state = 'running' AND ${isOrphan('q', '$3')} AS is_orphan
      FROM ${s}.queries q WHERE key = $1 AND ${there}`,

    /** Tells whether the query expires earlier than before. */
    touch: `
      WITH old AS (SELECT key, expires_at FROM ${s}.queries WHERE key = $1 AND ${visible} FOR UPDATE)
      UPDATE ${s}.queries q SET expires_at = ${clock} + ${ms('least($2::float8, max_keep_alive_ms)')} FROM old WHERE q.key = old.key
      RETURNING ${sinceEpoch(`q.expires_at - ${clock}`)} AS left_ms, q.expires_at < old.expires_at AS is_earlier`,

    left: `SELECT ${leftMs} FROM ${s}.queries WHERE key = $1 AND ${visible}`,

    chunk: `SELECT data FROM ${s}.chunks WHERE key = $1 AND attempt = $2 AND no = $3`,

    /** Adds nothing to a query that runs no more, or elsewhere: no process has two attempts of it. May be sent again. */
    putChunk: `
      INSERT INTO ${s}.chunks (key, attempt, no, data)
      SELECT key, attempt, $3, $4 FROM ${s}.queries
      WHERE key = $1 AND executor = $2::uuid AND state = 'running' AND ${visible}
      ON CONFLICT (key, attempt, no) DO UPDATE SET data = EXCLUDED.data
      RETURNING no`,

    /** May be sent again: the first one may have come without its answer. */
    complete: `
      UPDATE ${s}.queries SET state = 'completed', took_nanos = $3, is_partial = $4, head = $5, body = $6,
        chunks = $7, bytes = $8, request = NULL
      WHERE key = $1 AND executor = $2::uuid AND state IN ('running', 'completed') AND ${visible}
      RETURNING key`,

    /** May be sent again. Nothing takes the place of another failure. */
    fail: `
      UPDATE ${s}.queries SET state = 'failed', failure = $3, request = NULL
      WHERE key = $1 AND executor = $2::uuid AND (state = 'running' OR state = 'failed' AND failure = $3::bytea) AND ${visible}
      RETURNING key`,

    /** Fails a query whose process is lost. If the process comes back, nothing that it writes finds the query. */
    bury: `
      UPDATE ${s}.queries q SET state = 'failed', failure = $3, executor = NULL, request = NULL
      WHERE key = $1 AND state = 'running' AND ${isLost('q', '$2')}
      RETURNING key`,

    /** Takes over a query whose process is lost. A process that was frozen itself has to say first that it is back. */
    take: `
      UPDATE ${s}.queries SET executor = $1::uuid, attempt = attempt + 1
      WHERE key = (
        SELECT key FROM ${s}.queries q
        WHERE state = 'running' AND executor IS DISTINCT FROM $1::uuid AND ${visible} AND ${isOrphan('q', '$2')}
          AND ${isThere('$1::uuid', '$2')}
        ORDER BY started_at LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING key, id, request, attempt, kept, ${times}`,

    /** What lost attempts have written. In bites. */
    dropChunks: `
      DELETE FROM ${s}.chunks WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${s}.chunks WHERE key = $1 AND attempt < $2 LIMIT 64))
      RETURNING no`,

    /** Leaves a query to other processes, if they may run it. */
    handOver: `
      UPDATE ${s}.queries SET executor = NULL
      WHERE key = $1 AND executor = $2::uuid AND state = 'running' AND attempt < max_attempts AND NOT is_stopped AND ${visible}
      RETURNING key`,

    /** Undoes {@link take}. */
    giveBack: `
      UPDATE ${s}.queries SET executor = NULL, attempt = attempt - 1
      WHERE key = $1 AND executor = $2::uuid AND state = 'running' AND ${visible}`,

    stop: `
      UPDATE ${s}.queries SET is_stopped = true WHERE key = $1 AND state = 'running' AND ${visible}
      RETURNING ${sinceEpoch(clock)} AS asked_ms`,

    /** Completes a stopped query whose process was not there since $4. Nothing that it writes later finds the query. */
    conclude: `
      UPDATE ${s}.queries q SET state = 'completed', is_partial = true, head = $2, bytes = $3, chunks = 0, executor = NULL,
        took_nanos = (${sinceEpoch(`${clock} - started_at`)} * 1e6)::bigint, request = NULL
      WHERE key = $1 AND state = 'running' AND is_stopped AND ${visible}
        AND NOT EXISTS (SELECT FROM ${s}.executors WHERE id = q.executor AND ${sinceEpoch('seen_at')} > $4::float8)`,

    remove: `
      UPDATE ${s}.queries SET deleted_at = ${clock}, idempotency_key = NULL, request = NULL
      WHERE key = $1 AND ${visible} RETURNING key, state`,

    removeOfOthers: `
      UPDATE ${s}.queries SET deleted_at = ${clock}, idempotency_key = NULL, request = NULL
      WHERE id = $1 AND ${visible} RETURNING key, state`,

    /** $1 is the owner or null for all, $2 the id or null for every one, $3 the lease. */
    list: `
      SELECT key, id, request, ${sinceEpoch('started_at')} AS started_ms, ${sinceEpoch(`${clock} - started_at`)} AS running_ms
      FROM ${s}.queries q
      WHERE ($1::bytea IS NULL OR owner = $1) AND ($2::text IS NULL OR id = $2) AND state = 'running' AND ${visible}
        AND NOT ${isLostForGood('q', '$3')}
      ORDER BY started_at, id`,

    /** Of the keys in $1, those whose queries run no more, or in no process. */
    poll: `
      SELECT w.key FROM unnest($1::bytea[]) AS w (key)
      LEFT JOIN ${s}.queries q ON q.key = w.key AND state = 'running' AND ${visible}
        AND NOT ${isLost('q', '$2')}
      WHERE q.key IS NULL`,

    /** Of all processes. */
    notify: `SELECT pg_notify('${schema}', payload) FROM unnest($1::text[]) AS payload`,

    beat: `
      INSERT INTO ${s}.executors AS e (id, seen_at, here_since) VALUES ($1::uuid, ${clock}, ${clock})
      ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at,
        here_since = CASE WHEN e.seen_at > EXCLUDED.seen_at - ${gap('$2')} THEN e.here_since ELSE EXCLUDED.seen_at END`,

    leave: `DELETE FROM ${s}.executors WHERE id = $1::uuid`,

    /** Running queries of this process that are not as they are here, and those that it has lost to others. */
    amiss: `
      SELECT key, NOT (${visible}) AS is_gone, is_stopped FROM ${s}.queries
      WHERE executor = $1::uuid AND state = 'running' AND (is_stopped OR NOT (${visible}) OR NOT key = ANY ($2::bytea[]))
      UNION ALL
      SELECT key, true, is_stopped FROM ${s}.queries
      WHERE key = ANY ($2::bytea[]) AND executor IS DISTINCT FROM $1::uuid`,

    /** In bites, so that no statement takes long. One process at a time, because two would wait for each other. */
    sweepChunks: `
      DELETE FROM ${s}.chunks WHERE ctid = ANY (ARRAY(
        SELECT c.ctid FROM (SELECT key FROM ${s}.queries WHERE ${isOver('$1')} LIMIT 20) q
        JOIN ${s}.chunks c USING (key)
        WHERE (SELECT pg_try_advisory_xact_lock(hashtext('${schema}.sweep'))) LIMIT 64))
      RETURNING no`,

    sweep: `
      DELETE FROM ${s}.queries WHERE key = ANY (ARRAY(
        SELECT q.key FROM ${s}.queries q
        WHERE ${isOver('$1')} AND NOT EXISTS (SELECT FROM ${s}.chunks c WHERE c.key = q.key)
          AND (SELECT pg_try_advisory_xact_lock(hashtext('${schema}.sweep'))) LIMIT 500))
      RETURNING id`,

    /** Processes that ended without `leave`. One that was just frozen comes back with its next beat. */
    sweepExecutors: `DELETE FROM ${s}.executors WHERE seen_at < ${clock} - interval '1 day'`,
  }
}
