-- All that partitions one table, as statements in the words of this server. Below, t is the name of the table, s that of
-- the one that is being made, o the name that the table of today gets.
WITH given AS MATERIALIZED (
    SELECT :schema::text AS schema, :table::text AS name, :key::text AS key, :kind::text AS kind, :unit::text AS unit,
           :width::text AS width, :count::int AS count, :upper::text AS upper, :foreign_keys::jsonb AS foreign_keys,
           current_setting('server_version_num')::int / 10000 AS major
), base AS MATERIALIZED (
    SELECT g.*, c.oid, n.oid AS nsp, c.relowner, c.relacl, c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
           c.reltype, c.relispartition, c.relpersistence, c.reloftype, c.reloptions, c.reltoastrelid,
           o.rolname AS owner, s.spcname AS tablespace, am.amname AS method,
           a.attnum AS keynum, a.attnotnull AS key_not_null, a.attgenerated AS key_generated, a.atttypid AS key_type,
           format('%I.%I', n.nspname, c.relname) AS t
    FROM given g
    JOIN pg_namespace n ON n.nspname = g.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = g.name
    JOIN pg_roles o ON o.oid = c.relowner
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = g.key AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
    LEFT JOIN pg_am am ON am.oid = c.relam
), columns AS (
    SELECT a.*, a.attnum AS num FROM base b JOIN pg_attribute a ON a.attrelid = b.oid AND a.attnum > 0 AND NOT a.attisdropped
), indexes AS (
    SELECT i.indexrelid AS oid, x.relname AS name, i.indisunique, i.indisprimary, i.indisvalid AND i.indisready AS valid,
           i.indisclustered, i.indisreplident, k.oid AS constraint_oid, k.conname, k.contype,
           i.indnkeyatts, i.indkey::int2[] AS keys, s.spcname AS tablespace,
           coalesce(k.conname, x.relname) AS shown,
           b.keynum = ANY ((i.indkey::int2[])[0 : i.indnkeyatts - 1]) AS has_key,
           -- The primary key gets the column that it lacks.
           i.indisprimary AND NOT b.keynum = ANY ((i.indkey::int2[])[0 : i.indnkeyatts - 1]) AS extended,
           format('CREATE %sINDEX %I ON %s USING ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, x.relname, b.t) AS beginning,
           pg_get_indexdef(i.indexrelid) AS definition,
           pg_get_constraintdef(k.oid) AS constraint_definition,
           CASE WHEN k.condeferrable THEN ' DEFERRABLE' ELSE '' END
             || CASE WHEN k.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END AS deferring,
           (SELECT ' WITH (' || string_agg(format('%I=%L', w.option_name, w.option_value), ', ') || ')'
            FROM pg_options_to_table(x.reloptions) w) AS options,
           (SELECT string_agg(quote_ident(c.attname), ', ' ORDER BY u.place)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY u(num, place) JOIN columns c ON c.num = u.num
            WHERE u.place <= i.indnkeyatts) AS key_columns,
           (SELECT ' INCLUDE (' || string_agg(quote_ident(c.attname), ', ' ORDER BY u.place) || ')'
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY u(num, place) JOIN columns c ON c.num = u.num
            WHERE u.place > i.indnkeyatts AND u.num <> b.keynum) AS included,
           (SELECT ' INCLUDE (' || string_agg(quote_ident(c.attname), ', ' ORDER BY u.place) || ')'
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY u(num, place) JOIN columns c ON c.num = u.num
            WHERE u.place > i.indnkeyatts) AS included_before,
           coalesce(obj_description(k.oid, 'pg_constraint'), obj_description(x.oid, 'pg_class')) AS comment,
           CASE WHEN octet_length(x.relname) > 40 THEN '_' || row_number() OVER (ORDER BY x.relname) ELSE '' END AS apart
    FROM base b
    JOIN pg_index i ON i.indrelid = b.oid
    JOIN pg_class x ON x.oid = i.indexrelid
    LEFT JOIN pg_tablespace s ON s.oid = x.reltablespace
    LEFT JOIN pg_constraint k ON k.conindid = x.oid AND k.conrelid = b.oid AND k.contype IN ('p', 'u', 'x')
), sequences AS (
    SELECT q.oid, q.relname AS name, d.deptype = 'i' AS identity, c.attname, c.attidentity, q.relacl, n.nspname AS schema,
           format('%I.%I', n.nspname, q.relname) AS qualified, n.oid = b.nsp AS beside,
           format('START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s %sCYCLE', p.seqstart, p.seqincrement, p.seqmin,
                  p.seqmax, p.seqcache, CASE WHEN p.seqcycle THEN '' ELSE 'NO ' END) AS options,
           obj_description(q.oid, 'pg_class') AS comment
    FROM base b
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = b.oid AND d.classid = 'pg_class'::regclass
                    AND d.deptype IN ('a', 'i')
    JOIN pg_class q ON q.oid = d.objid AND q.relkind = 'S'
    JOIN pg_namespace n ON n.oid = q.relnamespace
    JOIN pg_sequence p ON p.seqrelid = q.oid
    JOIN columns c ON c.num = d.refobjsubid
), statistics AS (
    SELECT e.oid, e.stxname AS name, n.nspname AS schema, format('%I.%I', n.nspname, e.stxname) AS qualified,
           obj_description(e.oid, 'pg_statistic_ext') AS comment, e.stxstattarget AS target,
           substr(left(d.def, length(d.def) - length(' FROM ' || b.t)),
                  length('CREATE STATISTICS ' || format('%I.%I', n.nspname, e.stxname)) + 1) AS body
    FROM base b
    JOIN pg_statistic_ext e ON e.stxrelid = b.oid
    JOIN pg_namespace n ON n.oid = e.stxnamespace
    CROSS JOIN LATERAL pg_get_statisticsobjdef(e.oid) AS d(def)
), bounds AS (
    SELECT i AS n, b.key_type,
           CASE WHEN b.unit IN ('day', 'week', 'month', 'year') THEN b.upper::timestamp + i * ('1 ' || b.unit)::interval END AS from_time,
           CASE WHEN b.unit IN ('day', 'week', 'month', 'year') THEN b.upper::timestamp + (i + 1) * ('1 ' || b.unit)::interval END AS to_time,
           CASE WHEN b.unit = 'number' THEN b.upper::numeric + i * b.width::numeric END AS from_number,
           CASE WHEN b.unit = 'number' THEN b.upper::numeric + (i + 1) * b.width::numeric END AS to_number
    FROM base b CROSS JOIN LATERAL generate_series(0, b.count - 1) i
), uppermost AS (
    SELECT CASE b.unit WHEN 'number' THEN b.upper
                       ELSE to_char(CASE WHEN b.unit NOT IN ('number', 'hash') THEN b.upper::timestamp END, f.format) END AS upper, f.format
    FROM base b
    CROSS JOIN LATERAL (SELECT CASE b.key_type WHEN 'date'::regtype THEN 'YYYY-MM-DD'
                                               WHEN 'timestamptz'::regtype THEN 'YYYY-MM-DD HH24:MI:SS+00'
                                               ELSE 'YYYY-MM-DD HH24:MI:SS' END AS format) f
), parts AS (
    SELECT p.n,
           '_p' || CASE b.unit
               WHEN 'hash' THEN p.n::text
               WHEN 'number' THEN replace(p.from_number::text, '-', 'm')
               WHEN 'month' THEN to_char(p.from_time, 'YYYYMM')
               WHEN 'year' THEN to_char(p.from_time, 'YYYY')
               ELSE to_char(p.from_time, 'YYYYMMDD') END AS suffix,
           CASE b.unit
               WHEN 'hash' THEN format('FOR VALUES WITH (MODULUS %s, REMAINDER %s)', b.count, p.n)
               WHEN 'number' THEN format('FOR VALUES FROM (%L) TO (%L)', p.from_number, p.to_number)
               ELSE format('FOR VALUES FROM (%L) TO (%L)', to_char(p.from_time, f.format), to_char(p.to_time, f.format)) END AS bound
    FROM base b CROSS JOIN bounds p CROSS JOIN uppermost f
), wanted AS (
    SELECT 's' AS role, 't' AS of, 0::bigint AS object, b.schema, b.name, '_hone' AS suffix FROM base b
    UNION ALL SELECT 'o', 't', 0, b.schema, b.name, CASE b.kind WHEN 'range' THEN '_p0' ELSE '_before_partitioning' END FROM base b
    UNION ALL SELECT r.role, 'i', i.oid, b.schema, i.name, r.suffix || i.apart
              FROM base b CROSS JOIN indexes i CROSS JOIN (VALUES ('s', '_hone'), ('o', '_old'), ('x', '_hone_out')) r(role, suffix)
    UNION ALL SELECT r.role, 'q', q.oid, q.schema, q.name, r.suffix
              FROM sequences q CROSS JOIN (VALUES ('s', '_hone'), ('o', '_old')) r(role, suffix) WHERE q.identity
    UNION ALL SELECT r.role, 'e', e.oid, e.schema, e.name, r.suffix
              FROM statistics e CROSS JOIN (VALUES ('s', '_hone'), ('o', '_old'), ('x', '_hone_out')) r(role, suffix)
    UNION ALL SELECT 'p', 'p', p.n, b.schema, b.name, p.suffix FROM base b CROSS JOIN parts p
    UNION ALL SELECT 'd', r.of, 0, b.schema, b.name, r.suffix
              FROM base b CROSS JOIN (VALUES ('d', '_hone_dirty'), ('f', '_hone_note')) r(of, suffix)
    UNION ALL SELECT 'x', 't', 0, b.schema, b.name, '_hone_out' FROM base b
), names AS MATERIALIZED (
    SELECT w.role, w.of, w.object, w.schema, f.name, format('%I.%I', w.schema, f.name) AS qualified, quote_ident(f.name) AS quoted
    FROM wanted w
    CROSS JOIN LATERAL (SELECT left(w.name, n) || w.suffix AS name
                        FROM generate_series(char_length(w.name), 0, -1) n
                        WHERE octet_length(left(w.name, n)) + octet_length(w.suffix) <= 63
                        ORDER BY n DESC LIMIT 1) f
), it AS MATERIALIZED (
    SELECT b.*, s.qualified AS s, s.quoted AS s_name, o.qualified AS o, o.quoted AS o_name, x.qualified AS x, x.quoted AS x_name, d.qualified AS dirty, f.qualified AS note,
           (SELECT string_agg(quote_ident(c.attname), ', ' ORDER BY c.num) FROM columns c WHERE c.attgenerated = '') AS all_columns,
           k.keys, k.same,
           EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = b.oid AND NOT g.tgisinternal) AS has_triggers
    FROM base b
    JOIN names s ON s.role = 's' AND s.of = 't'
    JOIN names o ON o.role = 'o' AND o.of = 't'
    JOIN names d ON d.of = 'd'
    JOIN names f ON f.of = 'f'
    JOIN names x ON x.role = 'x' AND x.of = 't'
    -- What tells rows apart, in both tables; in the order of the key, so that its index serves, and a column it gets last.
    LEFT JOIN LATERAL (SELECT string_agg(quote_ident(c.attname), ', ' ORDER BY array_position(i.keys, c.num)) AS keys,
                              string_agg(format('d.%1$I = b.%1$I', c.attname), ' AND ' ORDER BY array_position(i.keys, c.num)) AS same
                       FROM indexes i JOIN columns c ON c.num = ANY (i.keys[0 : i.indnkeyatts - 1]) OR i.extended AND b.kind = 'range' AND c.num = b.keynum
                       WHERE i.indisprimary) k ON true
), makes AS (
    SELECT 'shell' AS phase UNION ALL SELECT 'plain' FROM base b WHERE b.kind = 'range'
), swaps AS (
    SELECT 'swap' AS phase UNION ALL SELECT 'back' UNION ALL SELECT 'swap_plain' FROM base b WHERE b.kind = 'range'
), storage AS (
    SELECT (SELECT ' WITH (' || string_agg(format('%s%I=%L', r.prefix, w.option_name, w.option_value), ', ') || ')'
            FROM (SELECT '' AS prefix, b.reloptions AS options UNION ALL SELECT 'toast.', x.reloptions FROM pg_class x WHERE x.oid = b.reltoastrelid) r
            CROSS JOIN LATERAL pg_options_to_table(r.options) w) AS options
    FROM base b
), views AS (
    SELECT DISTINCT v.oid, format('%I.%I', n.nspname, v.relname) AS qualified, pg_has_role(v.relowner, 'USAGE') AS owned,
           format('CREATE OR REPLACE VIEW %I.%I%s AS %s', n.nspname, v.relname,
                  (SELECT ' WITH (' || string_agg(format('%I=%L', w.option_name, w.option_value), ', ') || ')'
                   FROM pg_options_to_table(v.reloptions) w),
                  rtrim(pg_get_viewdef(v.oid), ';')) AS statement
    FROM base b
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = b.oid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> b.oid AND r.rulename = '_RETURN'
    JOIN pg_class v ON v.oid = r.ev_class AND v.relkind = 'v'
    JOIN pg_namespace n ON n.oid = v.relnamespace
), checks AS (
    SELECT k.conname, k.connoinherit, k.convalidated, pg_get_constraintdef(k.oid) AS definition,
           obj_description(k.oid, 'pg_constraint') AS comment
    FROM base b JOIN pg_constraint k ON k.conrelid = b.oid AND k.contype = 'c'
    WHERE k.conname <> 'hone_partition_bound' AND k.conname <> 'hone_not_null'
), outgoing AS (
    SELECT k.conname, k.convalidated, k.confrelid = b.oid AS to_itself, pg_get_constraintdef(k.oid) AS definition,
           format('%I.%I', n.nspname, r.relname) AS target, has_table_privilege(r.oid, 'UPDATE, DELETE, TRUNCATE') AS lockable, obj_description(k.oid, 'pg_constraint') AS comment
    FROM base b
    JOIN pg_constraint k ON k.conrelid = b.oid AND k.contype = 'f'
    JOIN pg_class r ON r.oid = k.confrelid
    JOIN pg_namespace n ON n.oid = r.relnamespace
), incoming AS (
    SELECT k.conname, k.convalidated, format('%I.%I', n.nspname, r.relname) AS child, r.relkind, pg_has_role(r.relowner, 'USAGE') AS owned,
           obj_description(k.oid, 'pg_constraint') AS comment, r.oid AS child_oid, r.relname AS child_name, n.nspname AS child_schema,
           k.confmatchtype = 'f' AS match_full,
           CASE WHEN octet_length(k.conname) > 40 THEN '_' || row_number() OVER (PARTITION BY k.conrelid ORDER BY k.conname) ELSE '' END AS apart,
           k.conindid IN (SELECT i.oid FROM indexes i WHERE i.extended) AS to_extended,
           pg_get_constraintdef(k.oid) AS definition,
           f.given IS NOT NULL AS given, f.given ->> 'column' AS child_key,
           a.attnum IS NOT NULL AS child_key_there, a.attnotnull AS child_key_not_null,
           (SELECT string_agg(quote_ident(c.attname), ', ' ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY u(num, place)
            JOIN pg_attribute c ON c.attrelid = k.conrelid AND c.attnum = u.num) AS child_columns,
           (SELECT string_agg(quote_ident(c.attname), ', ' ORDER BY u.place) FROM unnest(k.confkey) WITH ORDINALITY u(num, place)
            JOIN columns c ON c.num = u.num) AS columns,
           (SELECT string_agg(format('c.%I IS NOT NULL', c.attname), ' AND ' ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY u(num, place)
            JOIN pg_attribute c ON c.attrelid = k.conrelid AND c.attnum = u.num) AS child_given,
           (SELECT string_agg(format('%I IS NULL', c.attname), ' OR ' ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY u(num, place)
            JOIN pg_attribute c ON c.attrelid = k.conrelid AND c.attnum = u.num) AS child_not_given,
           (SELECT string_agg(format('t.%I = c.%I', p.attname, c.attname), ' AND ' ORDER BY u.place)
            FROM unnest(k.conkey, k.confkey) WITH ORDINALITY u(num, target, place)
            JOIN pg_attribute c ON c.attrelid = k.conrelid AND c.attnum = u.num JOIN columns p ON p.num = u.target) AS equal
    FROM base b
    JOIN pg_constraint k ON k.confrelid = b.oid AND k.contype = 'f' AND k.conrelid <> b.oid AND k.conparentid = 0
    JOIN pg_class r ON r.oid = k.conrelid
    JOIN pg_namespace n ON n.oid = r.relnamespace
    LEFT JOIN LATERAL (SELECT e AS given FROM jsonb_array_elements(b.foreign_keys) e
                       WHERE e ->> 'schema' = n.nspname AND e ->> 'table' = r.relname AND e ->> 'constraint' = k.conname) f ON true
    LEFT JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attname = f.given ->> 'column' AND a.attnum > 0 AND NOT a.attisdropped
), incoming_new AS (
    -- None for one that the change drops.
    SELECT f.*,
           CASE WHEN f.to_extended AND f.child_key IS NULL THEN NULL
                WHEN f.given AND f.child_key IS NULL THEN NULL
                WHEN NOT f.to_extended THEN CASE WHEN f.convalidated THEN f.definition || ' NOT VALID' ELSE f.definition END
                ELSE format('FOREIGN KEY (%s, %I) REFERENCES %s(%s, %I)', f.child_columns, f.child_key, b.t, f.columns, b.key)
                     -- What follows the referenced columns stays.
                     -- It sets no more columns than it did; but MATCH FULL wants all of them null, or none.
                     || regexp_replace(
                            substr(f.definition, length(format('FOREIGN KEY (%s) REFERENCES %s(%s)', f.child_columns, b.t, f.columns)) + 1),
                            ' ON DELETE SET (NULL|DEFAULT)($| [^(])',
                            CASE WHEN f.match_full THEN ' ON DELETE SET \1\2' ELSE format(' ON DELETE SET \1 (%s)\2', f.child_columns) END)
                     || CASE WHEN f.convalidated THEN ' NOT VALID' ELSE '' END
           END AS new_definition
    FROM incoming f CROSS JOIN base b
), child_checks AS (
    -- A foreign key passes by rows in which one of its columns is null, unless it is MATCH FULL. Where the column that it
    -- gets may be null, a CHECK refuses the rows that it would no longer look at.
    SELECT f.*, c.name AS check_name, format('%s OR %I IS NOT NULL', f.child_not_given, f.child_key) AS condition
    FROM incoming f
    CROSS JOIN LATERAL (SELECT left(f.conname::text, n) || f.apart || '_hone_given' AS name
                        FROM generate_series(char_length(f.conname::text), 0, -1) n
                        WHERE octet_length(left(f.conname::text, n) || f.apart || '_hone_given') <= 63
                        ORDER BY n DESC LIMIT 1) c
    WHERE f.to_extended AND f.child_key_there AND NOT f.child_key_not_null AND NOT f.match_full
), triggers AS (
    SELECT g.tgname, g.tgenabled, g.tgtype & 1 = 1 AS for_row, pg_get_triggerdef(g.oid) AS definition,
           g.tgoldtable IS NOT NULL OR g.tgnewtable IS NOT NULL AS transition, obj_description(g.oid, 'pg_trigger') AS comment,
           CASE g.tgenabled WHEN 'O' THEN 'ENABLE' WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END AS state
    FROM base b JOIN pg_trigger g ON g.tgrelid = b.oid AND NOT g.tgisinternal
    WHERE g.tgname NOT IN ('hone_insert', 'hone_update', 'hone_delete', 'hone_truncate')
), policies AS (
    SELECT p.polname, obj_description(p.oid, 'pg_policy') AS comment,
           format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.polname, b.t,
                  CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                  CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                  (SELECT string_agg(CASE WHEN r.oid = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.oid)) END, ', ' ORDER BY r.oid)
                   FROM unnest(p.polroles) r(oid)),
                  ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
                  ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') AS statement
    FROM base b JOIN pg_policy p ON p.polrelid = b.oid
), publications AS (
    SELECT p.pubname, p.pubviaroot, r.oid IS NOT NULL AS direct, pg_has_role(p.pubowner, 'USAGE') AS owned,
           EXISTS (SELECT FROM pg_publication_rel x JOIN pg_class c ON c.oid = x.prrelid AND c.relkind = 'p' WHERE x.prpubid = p.oid) AS others,
           CASE WHEN r.oid IS NOT NULL
                THEN (SELECT ' (' || string_agg(quote_ident(c.attname), ', ' ORDER BY c.num) || ')' FROM columns c
                      WHERE to_jsonb(r) ->> 'prattrs' IS NOT NULL
                        AND c.num::text = ANY (string_to_array(to_jsonb(r) ->> 'prattrs', ' ')))
           END AS columns,
           CASE WHEN r.oid IS NOT NULL THEN ' WHERE (' || (to_jsonb(v) ->> 'rowfilter') || ')' END AS filter
    FROM base b
    JOIN pg_publication_tables v ON v.schemaname = b.schema AND v.tablename = b.name
    JOIN pg_publication p ON p.pubname = v.pubname
    LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = b.oid
), defaults AS (
    -- Whom a new table is open to by itself.
    SELECT DISTINCT CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(e.grantee)) END AS grantee
    FROM base b
    JOIN pg_default_acl d ON d.defaclobjtype = 'r' AND d.defaclnamespace IN (0, b.nsp)
                         AND d.defaclrole = (SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user)
    CROSS JOIN LATERAL aclexplode(d.defaclacl) e
    WHERE e.grantee NOT IN (d.defaclrole, b.relowner)
), refusals AS (
    SELECT 'it is a partition, or it inherits or is inherited from' AS why, 'Partition its parent; or end the inheritance (NO INHERIT) first.' AS advice
    FROM base b WHERE b.relispartition OR EXISTS (SELECT FROM pg_inherits h WHERE b.oid IN (h.inhrelid, h.inhparent))
    UNION ALL SELECT 'it is not an ordinary logged table', 'Make it one: ALTER TABLE … SET LOGGED, or NOT OF.'
    FROM base b WHERE b.relpersistence <> 'p' OR b.reloftype <> 0
    UNION ALL SELECT 'it belongs to an extension', 'Leave it to the extension.'
    FROM base b WHERE EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = b.oid AND d.deptype = 'e')
    UNION ALL SELECT format('column %I is generated, and PostgreSQL partitions by no such column', b.key), 'Partition by another column.'
    FROM base b WHERE b.key_generated <> ''
    UNION ALL SELECT format('column %I is of type %s', b.key, format_type(b.key_type, NULL)),
                     CASE WHEN b.unit = 'number' THEN 'Ranges of numbers need smallint, integer or bigint.'
                          ELSE 'Ranges of time need timestamptz, timestamp or date.' END
    FROM base b WHERE b.kind = 'range' AND b.key_type <> ALL (CASE WHEN b.unit = 'number' THEN ARRAY['int2', 'int4', 'int8']::regtype[]
                                                                   ELSE ARRAY['timestamptz', 'timestamp', 'date']::regtype[] END)
    UNION ALL SELECT format('column %I may be null, and not be part of a primary key', b.key),
                     'Make it NOT NULL first: add CHECK (… IS NOT NULL) NOT VALID, validate it, then SET NOT NULL, which then needs no scan.'
    FROM base b WHERE b.kind = 'hash' AND NOT b.key_not_null
    UNION ALL SELECT 'it has no primary key, by which rows could be told apart while they are copied', 'Give it one first.'
    FROM base b WHERE b.kind = 'hash' AND NOT EXISTS (SELECT FROM indexes i WHERE i.indisprimary)
    UNION ALL SELECT format('%s is unique without column %I: PostgreSQL cannot keep that across partitions', quote_ident(i.shown), b.key),
                     'Drop it if nothing rests on it, or add the column to it.'
    FROM base b CROSS JOIN indexes i WHERE i.indisunique AND NOT i.indisprimary AND NOT i.has_key
    UNION ALL SELECT format('the primary key %s is one without overlaps', quote_ident(i.conname)), 'It cannot get another column; replace it first.'
    FROM indexes i JOIN pg_index x ON x.indexrelid = i.oid WHERE i.extended AND x.indisexclusion
    UNION ALL SELECT format('exclusion constraint %s cannot be kept before PostgreSQL 17', quote_ident(i.conname)), 'Drop it, or upgrade the server first.'
    FROM base b CROSS JOIN indexes i WHERE i.contype = 'x' AND b.major < 17
    UNION ALL SELECT format('index %s is not valid', quote_ident(i.name)), 'Drop it, or build it anew (reindex).'
    FROM indexes i WHERE NOT i.valid
    UNION ALL SELECT format('constraint %s is NO INHERIT, which a partitioned table cannot have', quote_ident(k.conname)), 'Make it anew without NO INHERIT.'
    FROM checks k WHERE k.connoinherit
    UNION ALL SELECT format('constraint %s is not valid, and its rows could not be copied', quote_ident(k.conname)), 'Validate it first (validate_constraint).'
    FROM base b CROSS JOIN checks k WHERE b.kind = 'hash' AND NOT k.convalidated
    UNION ALL SELECT format('foreign key %s is not valid', quote_ident(k.conname)), 'Validate it first (validate_constraint).'
    FROM outgoing k WHERE NOT k.convalidated
    UNION ALL SELECT format('foreign key %s points to the table itself', quote_ident(k.conname)), 'Drop it first, or keep what it checks by a trigger.'
    FROM outgoing k WHERE k.to_itself
    UNION ALL SELECT format('foreign key %s of %s points to %s alone; a foreign key to the partitioned table must hold column %I too',
                            quote_ident(f.conname), f.child, f.columns, b.key),
                     format('Add a column of its values to %s, fill it, and name it in the change: "foreignKeys": [{"schema": %s, "table": %s, "constraint": %s, "column": "…"}]; or drop the foreign key for good measure by "column": null, which undo makes again.',
                            f.child, to_json(f.child_schema), to_json(f.child_name), to_json(f.conname))
    FROM base b CROSS JOIN incoming f WHERE f.to_extended AND NOT f.given
    UNION ALL SELECT format('%s has no column %I', f.child, f.child_key), 'Correct the change.'
    FROM incoming f WHERE f.child_key IS NOT NULL AND NOT f.child_key_there
    UNION ALL SELECT format('foreign key %s is on %s, which is partitioned itself', quote_ident(f.conname), f.child),
                     'Have the change drop it: PostgreSQL can only make it again behind a lock.'
    FROM incoming_new f WHERE f.relkind = 'p' AND f.new_definition IS NOT NULL
    UNION ALL SELECT format('foreign key %s of %s sets columns when a row is deleted, and would set %I too', quote_ident(f.conname), f.child, f.child_key),
                     'PostgreSQL can leave that column alone from version 15 on; until then have the change drop the foreign key.'
    FROM base b CROSS JOIN incoming f WHERE b.major < 15 AND f.to_extended AND f.child_key IS NOT NULL AND f.definition ~ ' ON DELETE SET '
    UNION ALL SELECT format('foreign key %s of %s is MATCH FULL and sets its columns when a row is deleted, which %I does not allow', quote_ident(f.conname), f.child, f.child_key),
                     'Have the change drop the foreign key.'
    FROM incoming f WHERE f.to_extended AND f.match_full
        AND (f.definition ~ ' ON DELETE SET DEFAULT' OR f.child_key_not_null AND f.definition ~ ' ON DELETE SET NULL')
    UNION ALL SELECT format('constraint %s of %s has a name that Hone gives its own', quote_ident(f.check_name), f.child), 'Rename it.'
    FROM child_checks f WHERE EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = f.child_oid AND k.conname = f.check_name)
    UNION ALL SELECT format('this role does not own %s, whose foreign key %s points here', f.child, quote_ident(f.conname)), 'Deploy as a role that owns both.'
    FROM incoming f WHERE NOT f.owned
    UNION ALL SELECT format('there is no foreign key %s of %I.%I to %s', quote_ident(e ->> 'constraint'), e ->> 'schema', e ->> 'table', b.t), 'Correct the change.'
    FROM base b CROSS JOIN LATERAL jsonb_array_elements(b.foreign_keys) e
    WHERE NOT EXISTS (SELECT FROM incoming f WHERE f.given AND f.child_schema = e ->> 'schema' AND f.child_name = e ->> 'table' AND f.conname = e ->> 'constraint')
    UNION ALL SELECT format('trigger %s is FOR EACH ROW with transition tables, which a partitioned table cannot have', quote_ident(g.tgname)), 'Make it FOR EACH STATEMENT.'
    FROM triggers g WHERE g.for_row AND g.transition
    UNION ALL SELECT format('trigger %s has a name that Hone gives its own', quote_ident(g.tgname)), 'Rename it.'
    FROM base b JOIN pg_trigger g ON g.tgrelid = b.oid AND g.tgname IN ('hone_insert', 'hone_update', 'hone_delete', 'hone_truncate')
    UNION ALL SELECT format('view %s rests on it and belongs to another role', v.qualified), 'Deploy as a role that owns both.'
    FROM views v WHERE NOT v.owned
    UNION ALL SELECT format('%s rests on it, and would go on reading the old table alone', pg_describe_object(d.classid, d.objid, 0)),
                     'Drop it before, and make it again afterwards.'
    FROM base b JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = b.oid AND d.deptype = 'n'
    LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    LEFT JOIN pg_class v ON v.oid = r.ev_class
    WHERE d.classid NOT IN ('pg_constraint'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_attrdef'::regclass,
                            'pg_statistic_ext'::regclass, 'pg_publication_rel'::regclass)
      AND NOT coalesce(v.relkind = 'v' AND r.rulename = '_RETURN', false)
    UNION ALL SELECT format('%s reads it', pg_describe_object(d.classid, d.objid, 0)), 'Drop it before, and make it again afterwards.'
    FROM base b JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = b.oid AND d.deptype = 'n' AND d.classid = 'pg_policy'::regclass
    JOIN pg_policy p ON p.oid = d.objid AND p.polrelid <> b.oid
    UNION ALL SELECT format('it has rule %s', quote_ident(r.rulename)), 'Replace it by a trigger.'
    FROM base b JOIN pg_rewrite r ON r.ev_class = b.oid
    UNION ALL SELECT format('%s rests on the type of its rows', pg_describe_object(d.classid, d.objid, 0)), 'Drop it before, and make it again afterwards.'
    FROM base b JOIN pg_type y ON y.oid = b.reltype
    JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (y.oid, y.typarray) AND d.deptype = 'n'
    UNION ALL SELECT format('%s rests on the primary key %s, which gets another column', pg_describe_object(d.classid, d.objid, 0), quote_ident(i.conname)),
                     'List all columns in its GROUP BY.'
    FROM indexes i JOIN pg_depend d ON d.refclassid = 'pg_constraint'::regclass AND d.refobjid = i.constraint_oid AND d.deptype = 'n'
    WHERE i.extended
    UNION ALL SELECT format('publication %I belongs to another role', p.pubname), 'Deploy as a role that owns both.'
    FROM publications p WHERE NOT p.owned AND (p.direct OR NOT p.pubviaroot)
    UNION ALL SELECT format('publication %I holds other partitioned tables and publishes partitions under their own names', p.pubname),
                     format('Decide for all of them: ALTER PUBLICATION %I SET (publish_via_partition_root = true).', p.pubname)
    FROM publications p WHERE p.others AND NOT p.pubviaroot
    UNION ALL SELECT CASE b.kind WHEN 'hash' THEN 'a subscription writes to it, of which the copy would not know'
                     ELSE 'a subscription writes to it, and would no longer find it' END, 'Drop it from the subscription first.'
    FROM base b WHERE has_table_privilege('pg_subscription_rel'::regclass, 'SELECT')
                  AND EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = b.oid)
    UNION ALL SELECT 'row-level security is forced on its owner too, so that not all rows may be seen', 'Deploy as a role with BYPASSRLS.'
    FROM base b WHERE b.relforcerowsecurity AND NOT (SELECT r.rolsuper OR r.rolbypassrls FROM pg_roles r WHERE r.rolname = current_user)
    UNION ALL SELECT format('the name %s is taken', n.qualified), 'Rename what bears it, or the table.'
    FROM names n
    WHERE EXISTS (SELECT FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace WHERE s.nspname = n.schema AND c.relname = n.name)
       OR EXISTS (SELECT FROM names m WHERE m.schema = n.schema AND m.name = n.name AND (m.role, m.of, m.object) <> (n.role, n.of, n.object))
), partition_tables AS (
    SELECT p.n, n.qualified, n.name, n.quoted, p.bound FROM parts p JOIN names n ON n.role = 'p' AND n.object = p.n
), statements(phase, n, statement) AS (
    SELECT 'refuse', 0, why || '|' || advice FROM refusals
    -- Names that are needed to judge and to tell.
    UNION ALL SELECT 'name', v.n, coalesce(v.name, '') FROM it b CROSS JOIN LATERAL (VALUES (0, b.s), (1, b.o), (2, b.dirty), (3, b.note), (4, b.all_columns), (5, b.keys), (6, b.same)) v(n, name)
    UNION ALL SELECT 'nullable', 0, quote_ident(b.key) FROM it b WHERE NOT b.key_not_null AND b.kind = 'range'
    UNION ALL SELECT 'check', 0, format('%I < %L', b.key, u.upper) FROM it b CROSS JOIN uppermost u WHERE b.kind = 'range'
    UNION ALL SELECT 'partition', p.n, p.qualified FROM partition_tables p
    UNION ALL SELECT 'index', 0, jsonb_build_object('schema', b.schema, 'name', o.name, 'table', b.name, 'level', 0, 'partitioned', false,
            'definition', format('CREATE UNIQUE INDEX %I ON %s USING btree (%s, %I)%s%s', o.name, b.t, i.key_columns, b.key, i.included, i.options),
            'tablespace', i.tablespace, 'afterwards', '[]'::jsonb)::text
    FROM it b CROSS JOIN indexes i JOIN names o ON o.role = 'o' AND o.object = i.oid WHERE i.extended AND b.kind = 'range'
    UNION ALL SELECT 'index_back', 0, jsonb_build_object('schema', b.schema, 'name', s.name, 'table', o.name, 'level', 0, 'partitioned', false,
            'definition', format('CREATE UNIQUE INDEX %I ON %s USING btree (%s)%s%s', s.name, b.o, i.key_columns, i.included_before, i.options),
            'tablespace', i.tablespace, 'afterwards', '[]'::jsonb)::text
    FROM it b CROSS JOIN indexes i JOIN names s ON s.role = 's' AND s.object = i.oid JOIN names o ON o.role = 'o' AND o.of = 't'
    WHERE i.extended AND b.kind = 'range'
    -- The new table, beside the old one.
    UNION ALL SELECT 'shell', 100, format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS%s) PARTITION BY %s (%I)%s',
            b.s, b.t, CASE WHEN b.major >= 14 THEN ' INCLUDING COMPRESSION' ELSE '' END, b.kind, b.key, ' TABLESPACE ' || quote_ident(b.tablespace)) FROM it b
    -- Another plain table, to go back to once the partitions have many rows.
    UNION ALL SELECT 'plain', 100, format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS%s)%s%s%s',
            b.s, b.t, CASE WHEN b.major >= 14 THEN ' INCLUDING COMPRESSION' ELSE '' END, CASE WHEN b.method <> 'heap' THEN ' USING ' || quote_ident(b.method) END,
            storage.options, ' TABLESPACE ' || quote_ident(b.tablespace)) FROM it b CROSS JOIN storage WHERE b.kind = 'range'
    UNION ALL SELECT 'plain', 101, format('ALTER TABLE %s ALTER %I DROP NOT NULL', b.s, b.key) FROM it b WHERE b.kind = 'range' AND NOT b.key_not_null
    UNION ALL SELECT x.phase, 110, format('ALTER TABLE %s OWNER TO %I', b.s, b.owner) FROM it b CROSS JOIN makes x WHERE b.owner <> current_user
    UNION ALL SELECT x.phase, 120, format('ALTER TABLE %s ADD CONSTRAINT %I %s', b.s, k.conname, k.definition) FROM it b CROSS JOIN checks k CROSS JOIN makes x WHERE x.phase = 'shell' OR k.convalidated
    UNION ALL SELECT x.phase, 121, format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, b.s, k.comment) FROM it b CROSS JOIN checks k CROSS JOIN makes x WHERE k.comment IS NOT NULL AND (x.phase = 'shell' OR k.convalidated)
    UNION ALL SELECT x.phase, 130, CASE
            WHEN i.extended AND x.phase = 'shell' THEN format('ALTER TABLE %s ADD CONSTRAINT %I PRIMARY KEY (%s, %I)%s%s%s', b.s, s.name, i.key_columns, b.key, i.included, i.options, i.deferring)
            WHEN i.contype IS NOT NULL THEN format('ALTER TABLE %s ADD CONSTRAINT %I %s%s%s', b.s, s.name,
                 left(i.constraint_definition, length(i.constraint_definition) - length(i.deferring)), i.options, i.deferring)
            ELSE format('CREATE %sINDEX %I ON %s USING ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, s.name, b.s)
                 || substr(i.definition, length(i.beginning) + 1) END
    FROM it b CROSS JOIN indexes i JOIN names s ON s.role = 's' AND s.object = i.oid CROSS JOIN makes x
    UNION ALL SELECT x.phase, 131, format('ALTER INDEX %s SET TABLESPACE %I', s.qualified, i.tablespace)
    FROM indexes i JOIN names s ON s.role = 's' AND s.object = i.oid CROSS JOIN makes x WHERE i.tablespace IS NOT NULL
    UNION ALL SELECT x.phase, 132, CASE WHEN i.contype IS NULL THEN format('COMMENT ON INDEX %s IS %L', s.qualified, i.comment)
                                        ELSE format('COMMENT ON CONSTRAINT %I ON %s IS %L', s.name, b.s, i.comment) END
    FROM it b CROSS JOIN indexes i JOIN names s ON s.role = 's' AND s.object = i.oid CROSS JOIN makes x WHERE i.comment IS NOT NULL
    UNION ALL SELECT x.phase, 140, format('CREATE STATISTICS %s%s FROM %s', s.qualified, e.body, b.s)
    FROM it b CROSS JOIN statistics e JOIN names s ON s.role = 's' AND s.object = e.oid CROSS JOIN makes x
    UNION ALL SELECT x.phase, 141, format('COMMENT ON STATISTICS %s IS %L', s.qualified, e.comment)
    FROM statistics e JOIN names s ON s.role = 's' AND s.object = e.oid CROSS JOIN makes x WHERE e.comment IS NOT NULL
    UNION ALL SELECT x.phase, 142, format('ALTER STATISTICS %s SET STATISTICS %s', s.qualified, e.target)
    FROM statistics e JOIN names s ON s.role = 's' AND s.object = e.oid CROSS JOIN makes x WHERE e.target >= 0
    UNION ALL SELECT x.phase, 150, format('ALTER TABLE %s ALTER %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s %s)', b.s, q.attname,
            CASE q.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, s.qualified, q.options)
    FROM it b CROSS JOIN sequences q JOIN names s ON s.role = 's' AND s.object = q.oid CROSS JOIN makes x WHERE q.identity
    UNION ALL SELECT x.phase, 160, CASE b.relreplident WHEN 'f' THEN format('ALTER TABLE %s REPLICA IDENTITY FULL', b.s)
                                        WHEN 'n' THEN format('ALTER TABLE %s REPLICA IDENTITY NOTHING', b.s)
                                        ELSE format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', b.s, s.name) END
    FROM it b LEFT JOIN indexes i ON i.indisreplident AND b.relreplident = 'i' LEFT JOIN names s ON s.role = 's' AND s.object = i.oid
    CROSS JOIN makes x WHERE b.relreplident <> 'd'
    -- The grants of the old table, and no more.
    UNION ALL SELECT x.phase, 170, format('REVOKE ALL ON %s FROM %s', b.s, d.grantee) FROM it b CROSS JOIN defaults d CROSS JOIN makes x
    UNION ALL SELECT x.phase, 171, format('REVOKE ALL ON %s FROM %I', b.s, b.owner) FROM it b CROSS JOIN makes x WHERE b.relacl IS NOT NULL
    UNION ALL SELECT x.phase, 172, format('GRANT %s ON %s TO %s%s', e.privilege_type, b.s, CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(e.grantee)) END,
            CASE WHEN e.is_grantable AND e.grantee <> b.relowner THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM it b CROSS JOIN LATERAL aclexplode(b.relacl) e CROSS JOIN makes x
    UNION ALL SELECT x.phase, 173, format('GRANT %s (%I) ON %s TO %s%s', e.privilege_type, c.attname, b.s, CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(e.grantee)) END,
            CASE WHEN e.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM it b CROSS JOIN columns c CROSS JOIN LATERAL aclexplode(c.attacl) e CROSS JOIN makes x
    UNION ALL SELECT x.phase, 175, format('COMMENT ON TABLE %s IS %L', b.s, obj_description(b.oid, 'pg_class')) FROM it b CROSS JOIN makes x WHERE obj_description(b.oid, 'pg_class') IS NOT NULL
    -- The partitions that follow.
    UNION ALL SELECT 'shell', 180, format('CREATE TABLE %s PARTITION OF %s %s%s%s', p.qualified, b.s, p.bound,
            CASE WHEN b.method <> 'heap' THEN ' USING ' || quote_ident(b.method) END,
            o.options)
    FROM it b CROSS JOIN partition_tables p CROSS JOIN storage o
    UNION ALL SELECT 'shell', 181, format('ALTER TABLE %s OWNER TO %I', p.qualified, b.owner) FROM it b CROSS JOIN partition_tables p WHERE b.owner <> current_user
    UNION ALL SELECT 'shell', 182, format('REVOKE ALL ON %s FROM %s', p.qualified, d.grantee) FROM partition_tables p CROSS JOIN defaults d
    UNION ALL SELECT 'shell', 183, format('ALTER TABLE %s REPLICA IDENTITY %s', p.qualified, CASE b.relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END)
    FROM it b CROSS JOIN partition_tables p WHERE b.relreplident IN ('f', 'n')
    UNION ALL SELECT 'shell', 183, format('DO %L', format(
            'BEGIN EXECUTE format(''ALTER TABLE %%s REPLICA IDENTITY USING INDEX %%I'', %L, (SELECT x.relname FROM pg_catalog.pg_inherits h'
            ' JOIN pg_catalog.pg_index i ON i.indexrelid = h.inhrelid JOIN pg_catalog.pg_class x ON x.oid = h.inhrelid'
            ' WHERE h.inhparent = %L::pg_catalog.regclass AND i.indrelid = %L::pg_catalog.regclass)); END', p.qualified, s.qualified, p.qualified))
    FROM it b JOIN indexes i ON i.indisreplident AND b.relreplident = 'i' JOIN names s ON s.role = 's' AND s.object = i.oid CROSS JOIN partition_tables p
    UNION ALL SELECT x.phase, 190, format('ALTER TABLE %s ALTER %I SET STATISTICS %s', x.name, c.attname, c.attstattarget)
    FROM it b CROSS JOIN LATERAL (SELECT m.phase, b.s FROM makes m UNION ALL SELECT 'shell', p.qualified FROM partition_tables p) x(phase, name) CROSS JOIN columns c WHERE coalesce(c.attstattarget, -1) >= 0
    UNION ALL SELECT x.phase, 191, format('ALTER TABLE %s ALTER %I SET (%I = %L)', x.name, c.attname, w.option_name, w.option_value)
    FROM it b CROSS JOIN LATERAL (SELECT m.phase, b.s FROM makes m UNION ALL SELECT 'shell', p.qualified FROM partition_tables p) x(phase, name) CROSS JOIN columns c CROSS JOIN LATERAL pg_options_to_table(c.attoptions) w
    -- There are no others that people set; a server of somebody's own make may keep more there.
    WHERE w.option_name IN ('n_distinct', 'n_distinct_inherited')
    -- Keys that are written while rows are copied.
    UNION ALL SELECT 'dirty', 10, format('CREATE TABLE %s AS SELECT 0::bigint AS hone_number, %s FROM %s WITH NO DATA', b.dirty, b.keys, b.t) FROM it b WHERE b.keys IS NOT NULL
    UNION ALL SELECT 'dirty', 11, format('ALTER TABLE %s ADD PRIMARY KEY (hone_number)', b.dirty) FROM it b WHERE b.keys IS NOT NULL
    UNION ALL SELECT 'dirty', 12, format('ALTER TABLE %s ALTER hone_number ADD GENERATED ALWAYS AS IDENTITY', b.dirty) FROM it b WHERE b.keys IS NOT NULL
    UNION ALL SELECT 'dirty', 12, format('REVOKE ALL ON %s FROM %s', b.dirty, d.grantee) FROM it b CROSS JOIN defaults d WHERE b.keys IS NOT NULL
    UNION ALL SELECT 'dirty', 13, format('CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS %L', b.note, format(
            'BEGIN IF TG_OP = ''TRUNCATE'' THEN RAISE EXCEPTION ''%% is being partitioned, or can be taken back from it, and cannot be truncated now'', TG_RELID::regclass USING ERRCODE = ''55006''; END IF;'
            ' IF coalesce(pg_partition_root(TG_RELID), TG_RELID) = to_regclass(%3$L) THEN RETURN NULL; END IF;'
            ' IF TG_OP <> ''INSERT'' THEN INSERT INTO %1$s (%2$s) SELECT %2$s FROM old_rows; END IF;'
            ' IF TG_OP = ''INSERT'' THEN INSERT INTO %1$s (%2$s) SELECT %2$s FROM new_rows;'
            ' ELSIF TG_OP = ''UPDATE'' THEN INSERT INTO %1$s (%2$s) SELECT %2$s FROM new_rows EXCEPT SELECT %2$s FROM old_rows; END IF;'
            ' RETURN NULL; END', b.dirty, b.keys, b.s)) FROM it b WHERE b.keys IS NOT NULL
    UNION ALL SELECT 'dirty', 14, format('REVOKE ALL ON FUNCTION %s() FROM PUBLIC', b.note) FROM it b WHERE b.keys IS NOT NULL
    -- On each partition too, for statements that name it. The table that is being made has them before the swap, which is
    -- the shorter: what is written there by then is the copy, and not noted. Where somebody's own has such a name, making this one fails.
    UNION ALL SELECT x.phase, 20, format('DO %L', format(
            'DECLARE hone_rel regclass; BEGIN FOR hone_rel IN SELECT t.relid FROM (SELECT %1$L::regclass AS relid UNION ALL SELECT p.relid FROM pg_catalog.pg_partition_tree(%1$L::regclass) p WHERE p.level > 0) t'
            ' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = t.relid AND g.tgname = ''hone_insert'' AND g.tgfoid = pg_catalog.to_regprocedure(%2$L)) LOOP'
            ' EXECUTE ''CREATE TRIGGER hone_insert AFTER INSERT ON '' || hone_rel || '' REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION '' || %2$L;'
            ' EXECUTE ''CREATE TRIGGER hone_update AFTER UPDATE ON '' || hone_rel || '' REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION '' || %2$L;'
            ' EXECUTE ''CREATE TRIGGER hone_delete AFTER DELETE ON '' || hone_rel || '' REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION '' || %2$L;'
            ' EXECUTE ''CREATE TRIGGER hone_truncate BEFORE TRUNCATE ON '' || hone_rel || '' FOR EACH STATEMENT EXECUTE FUNCTION '' || %2$L;'
            ' EXECUTE ''ALTER TABLE ONLY '' || hone_rel || '' ENABLE ALWAYS TRIGGER hone_insert, ENABLE ALWAYS TRIGGER hone_update, ENABLE ALWAYS TRIGGER hone_delete, ENABLE ALWAYS TRIGGER hone_truncate'';'
            ' END LOOP; END', x.name, b.note || '()'))
    FROM it b CROSS JOIN LATERAL (VALUES ('note', b.t), ('ready', b.s)) x(phase, name)
    WHERE b.keys IS NOT NULL AND (b.kind = 'hash' OR x.phase = 'note')
    -- Nothing of these may be found before a foreign key is swapped.
    UNION ALL SELECT 'guard', 0, format('SELECT %L || count(*) FROM (SELECT FROM ONLY %s c WHERE %s AND (c.%I IS NULL OR NOT EXISTS (SELECT FROM %s t WHERE %s AND t.%I = c.%I)) LIMIT 1000) wrong HAVING count(*) > 0',
            format('rows of %s whose %s is not the %s of the row they point to, at least: ', f.child, quote_ident(f.child_key), quote_ident(b.key)), f.child, f.child_given, f.child_key, b.t, f.equal, b.key, f.child_key)
    FROM it b CROSS JOIN incoming f WHERE f.to_extended AND f.child_key IS NOT NULL
    UNION ALL SELECT 'guard', 1, format('SELECT %L || count(*) FROM (SELECT FROM ONLY %s c WHERE NOT (%s) AND c.%I IS NOT NULL LIMIT 1000) wrong HAVING count(*) > 0',
            format('rows of %s with %s that point to no row, which MATCH FULL does not allow, at least: ', f.child, quote_ident(f.child_key)), f.child, f.child_given, f.child_key)
    FROM incoming f WHERE f.to_extended AND f.child_key_there AND f.match_full
    -- What the tables that point here get before the swap, and what they will refuse.
    UNION ALL SELECT 'child_check', 0, jsonb_build_object('schema', f.child_schema, 'table', f.child_name, 'name', f.check_name, 'condition', f.condition)::text
    FROM child_checks f
    UNION ALL SELECT 'tell', 0, format('shortly before the swap %s gets CHECK %I, which stays until undo and refuses rows with %s but without %I, as the foreign key %I'
            ' alone would not look at them: have whatever writes rows there give %4$I too', f.child, f.check_name, f.child_columns, f.child_key, f.conname)
    FROM child_checks f
    UNION ALL SELECT 'tell', 1, format('foreign key %I of %s stays MATCH FULL and refuses rows with %I but without %s', f.conname, f.child, f.child_key, f.child_columns)
    FROM incoming f WHERE f.to_extended AND f.child_key_there AND f.match_full
    -- The swap. First all locks, views before tables, as their readers take them.
    UNION ALL SELECT 'early', 0, format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', x.name)
    FROM it b CROSS JOIN LATERAL (SELECT b.t UNION SELECT f.child FROM incoming f) x(name)
    -- LOCK TABLE would lock all tables of a view: it is given to whom it belongs.
    UNION ALL SELECT x.phase, 199, format('DO %L', format(
            'BEGIN EXECUTE (SELECT pg_catalog.format(''ALTER VIEW %%s OWNER TO %%I'', %1$L, pg_catalog.pg_get_userbyid(c.relowner))'
            ' FROM pg_catalog.pg_class c WHERE c.oid = %1$L::pg_catalog.regclass); END', v.qualified))
    FROM views v CROSS JOIN (VALUES ('lock'), ('lock_back')) x(phase)
    -- Foreign keys that come and go have triggers on both of their tables.
    UNION ALL SELECT x.phase, 200, format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', concat_ws(', ', b.t,
            (SELECT string_agg(r.name, ', ' ORDER BY r.name)
             FROM (SELECT f.child FROM incoming f UNION SELECT k.target FROM outgoing k WHERE k.lockable) r(name))))
    FROM it b CROSS JOIN (VALUES ('lock'), ('lock_back')) x(phase)
    -- Columns that came since would stay behind.
    UNION ALL SELECT 'columns', 210, format('DO %L', format(
            'DECLARE wrong text; BEGIN SELECT pg_catalog.string_agg(DISTINCT coalesce(n.line, w.line), '', '') INTO wrong FROM'
            ' (SELECT pg_catalog.quote_ident(a.attname) || '' '' || pg_catalog.quote_ident(m.nspname) || ''.'' || pg_catalog.quote_ident(y.typname)'
            ' || CASE WHEN a.atttypmod >= 0 THEN ''('' || a.atttypmod || '')'' ELSE '''' END AS line FROM pg_catalog.pg_attribute a'
            ' JOIN pg_catalog.pg_type y ON y.oid = a.atttypid JOIN pg_catalog.pg_namespace m ON m.oid = y.typnamespace'
            ' WHERE a.attrelid = %1$L::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped) n'
            ' FULL JOIN pg_catalog.unnest(%2$L::text[]) w(line) ON w.line = n.line WHERE n.line IS NULL OR w.line IS NULL;'
            ' IF wrong IS NOT NULL THEN RAISE EXCEPTION ''columns of %% were added, dropped or changed since: %%'', %1$L, wrong USING ERRCODE = ''HN001''; END IF; END',
            x.name, (SELECT array_agg(quote_ident(c.attname) || ' ' || quote_ident(m.nspname) || '.' || quote_ident(y.typname)
                                      || CASE WHEN c.atttypmod >= 0 THEN '(' || c.atttypmod || ')' ELSE '' END)
                     FROM columns c JOIN pg_type y ON y.oid = c.atttypid JOIN pg_namespace m ON m.oid = y.typnamespace)))
    FROM it b CROSS JOIN LATERAL (SELECT b.t UNION ALL SELECT b.o WHERE b.kind = 'hash') x(name)
    UNION ALL SELECT x.phase, 300, format('ALTER SEQUENCE %s RENAME TO %s', q.qualified, o.quoted)
    FROM sequences q JOIN names o ON o.role = 'o' AND o.object = q.oid JOIN swaps x ON x.phase <> 'back'
    UNION ALL SELECT x.phase, 301, format('SELECT pg_catalog.setval(%L, last_value, is_called) FROM %s', s.qualified, o.qualified)
    FROM names o JOIN names s ON s.role = 's' AND s.of = 'q' AND s.object = o.object JOIN swaps x ON x.phase <> 'back' WHERE o.role = 'o'
    UNION ALL SELECT x.phase, 310, format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', f.child, f.conname) FROM incoming f CROSS JOIN swaps x
    UNION ALL SELECT x.phase, 312, format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', f.child, f.check_name) FROM child_checks f JOIN swaps x ON x.phase <> 'swap'
    UNION ALL SELECT 'swap', 311, format('ALTER TABLE %s DROP CONSTRAINT %I', b.t, k.conname) FROM it b CROSS JOIN outgoing k WHERE b.kind = 'hash'
    UNION ALL SELECT 'swap', 320, format('DROP TRIGGER %I ON %s', g.tgname, b.t) FROM it b CROSS JOIN triggers g WHERE b.kind = 'range'
    UNION ALL SELECT 'swap', 321, format('DROP TRIGGER %I ON %s', g.name, b.t)
    FROM it b CROSS JOIN (VALUES ('hone_insert'), ('hone_update'), ('hone_delete'), ('hone_truncate')) g(name) WHERE b.kind = 'hash'
    UNION ALL SELECT 'swap', 322, format('ALTER TABLE %s DISABLE TRIGGER USER', b.t) FROM it b WHERE b.kind = 'hash' AND b.has_triggers
    UNION ALL SELECT 'swap', 330, format('ALTER TABLE %s ALTER %I DROP IDENTITY', b.t, q.attname) FROM it b CROSS JOIN sequences q WHERE q.identity
    UNION ALL SELECT 'swap', 340, format('ALTER TABLE %s RENAME TO %s', b.t, b.o_name) FROM it b
    UNION ALL SELECT 'swap', 341, format('ALTER TABLE %s RENAME TO %I', b.s, b.name) FROM it b
    UNION ALL SELECT 'swap', 350, CASE WHEN i.extended AND b.kind = 'range' THEN format('ALTER TABLE %s DROP CONSTRAINT %I', b.o, i.conname)
                                       ELSE format('ALTER INDEX %I.%I RENAME TO %s', b.schema, i.name, o.quoted) END
    FROM it b CROSS JOIN indexes i JOIN names o ON o.role = 'o' AND o.object = i.oid
    UNION ALL SELECT 'swap', 351, format('ALTER TABLE %s ADD CONSTRAINT %s PRIMARY KEY USING INDEX %2$s%s', b.o, o.quoted, i.deferring)
    FROM it b CROSS JOIN indexes i JOIN names o ON o.role = 'o' AND o.object = i.oid WHERE i.extended AND b.kind = 'range'
    UNION ALL SELECT 'swap', 352, format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %s', b.o, o.quoted)
    FROM it b CROSS JOIN indexes i JOIN names o ON o.role = 'o' AND o.object = i.oid WHERE i.extended AND i.indisreplident AND b.relreplident = 'i' AND b.kind = 'range'
    UNION ALL SELECT x.phase, CASE x.phase WHEN 'swap' THEN 360 ELSE 386 END, format('ALTER INDEX %s RENAME TO %I', s.qualified, i.name)
    FROM indexes i JOIN names s ON s.role = 's' AND s.object = i.oid JOIN swaps x ON x.phase <> 'back'
    UNION ALL SELECT 'swap', 365, format('ALTER STATISTICS %s RENAME TO %s', e.qualified, o.quoted) FROM statistics e JOIN names o ON o.role = 'o' AND o.object = e.oid
    UNION ALL SELECT x.phase, CASE x.phase WHEN 'swap' THEN 366 ELSE 386 END, format('ALTER STATISTICS %s RENAME TO %I', s.qualified, e.name)
    FROM statistics e JOIN names s ON s.role = 's' AND s.object = e.oid JOIN swaps x ON x.phase <> 'back'
    UNION ALL SELECT x.phase, CASE x.phase WHEN 'swap' THEN 370 ELSE 386 END, format('ALTER SEQUENCE %s RENAME TO %I', s.qualified, q.name)
    FROM sequences q JOIN names s ON s.role = 's' AND s.object = q.oid JOIN swaps x ON x.phase <> 'back'
    UNION ALL SELECT x.phase, 387, format('GRANT %s ON SEQUENCE %s TO %s%s', e.privilege_type, q.qualified, CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(e.grantee)) END,
            CASE WHEN e.is_grantable AND e.grantee <> b.relowner THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM it b CROSS JOIN sequences q CROSS JOIN LATERAL aclexplode(q.relacl) e CROSS JOIN swaps x WHERE q.identity
    UNION ALL SELECT x.phase, 387, format('COMMENT ON SEQUENCE %s IS %L', q.qualified, q.comment)
    FROM sequences q CROSS JOIN swaps x WHERE q.identity AND q.comment IS NOT NULL
    UNION ALL SELECT x.phase, 380, v.statement FROM views v CROSS JOIN swaps x
    -- A table that was copied keeps its triggers, asleep.
    UNION ALL SELECT x.phase, 390, g.definition FROM it b CROSS JOIN triggers g CROSS JOIN swaps x WHERE b.kind = 'range' OR x.phase = 'swap'
    UNION ALL SELECT x.phase, 391, format('ALTER TABLE %s %s TRIGGER %I', b.t, g.state, g.tgname)
    FROM it b CROSS JOIN triggers g CROSS JOIN swaps x WHERE g.tgenabled <> 'O' OR b.kind = 'hash' AND x.phase = 'back'
    UNION ALL SELECT x.phase, 392, format('COMMENT ON TRIGGER %I ON %s IS %L', g.tgname, b.t, g.comment)
    FROM it b CROSS JOIN triggers g CROSS JOIN swaps x WHERE g.comment IS NOT NULL
    UNION ALL SELECT x.phase, 400, p.statement FROM policies p JOIN swaps x ON x.phase <> 'back'
    UNION ALL SELECT x.phase, 401, format('COMMENT ON POLICY %I ON %s IS %L', p.polname, b.t, p.comment) FROM it b CROSS JOIN policies p JOIN swaps x ON x.phase <> 'back' WHERE p.comment IS NOT NULL
    UNION ALL SELECT x.phase, 402, format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', b.t) FROM it b JOIN swaps x ON x.phase <> 'back' WHERE b.relrowsecurity
    UNION ALL SELECT x.phase, 403, format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', b.t) FROM it b JOIN swaps x ON x.phase <> 'back' WHERE b.relforcerowsecurity
    UNION ALL SELECT 'swap', 410, format('ALTER TABLE %s ADD CONSTRAINT %I %s', b.t, k.conname, k.definition) FROM it b CROSS JOIN outgoing k WHERE b.kind = 'range'
    UNION ALL SELECT 'swap', 410, format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', p.qualified, k.conname, k.definition)
    FROM it b CROSS JOIN outgoing k CROSS JOIN partition_tables p WHERE b.kind = 'hash'
    UNION ALL SELECT 'swap', 411, format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, b.t, k.comment) FROM it b CROSS JOIN outgoing k WHERE b.kind = 'range' AND k.comment IS NOT NULL
    UNION ALL SELECT 'swap', 420, format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (MINVALUE) TO (%L)', b.t, b.o, u.upper) FROM it b CROSS JOIN uppermost u WHERE b.kind = 'range'
    UNION ALL SELECT 'swap', 421, format('ALTER TABLE %s DROP CONSTRAINT hone_partition_bound', b.o) FROM it b WHERE b.kind = 'range'
    UNION ALL SELECT 'swap', 430, format('ALTER SEQUENCE %s OWNED BY %s.%I', q.qualified, b.t, q.attname) FROM it b CROSS JOIN sequences q WHERE NOT q.identity
    UNION ALL SELECT 'swap', 440, format('ALTER TABLE %s ADD CONSTRAINT %I %s', f.child, f.conname, f.new_definition) FROM incoming_new f WHERE f.new_definition IS NOT NULL
    UNION ALL SELECT 'swap', 441, format('COMMENT ON CONSTRAINT %I ON %s IS %L', f.conname, f.child, f.comment) FROM incoming_new f WHERE f.new_definition IS NOT NULL AND f.comment IS NOT NULL
    UNION ALL SELECT 'swap', 450, format('ALTER PUBLICATION %I DROP TABLE ONLY %s', p.pubname, b.o) FROM it b CROSS JOIN publications p WHERE p.direct
    UNION ALL SELECT 'swap', 451, format('ALTER PUBLICATION %I SET (publish_via_partition_root = true)', p.pubname) FROM publications p WHERE NOT p.pubviaroot
    UNION ALL SELECT 'swap', 452, format('ALTER PUBLICATION %I ADD TABLE %s%s%s', p.pubname, b.t, p.columns, p.filter) FROM it b CROSS JOIN publications p WHERE p.direct
    -- What may take its time, once the swap is made.
    UNION ALL SELECT 'valid', 500, format('ALTER TABLE %s VALIDATE CONSTRAINT %I', p.qualified, k.conname) FROM it b CROSS JOIN outgoing k CROSS JOIN partition_tables p WHERE b.kind = 'hash'
    UNION ALL SELECT 'valid', 501, format('DO %L', format('BEGIN ALTER TABLE %s ADD CONSTRAINT %I %s; EXCEPTION WHEN duplicate_object THEN NULL; END', b.t, k.conname, k.definition))
    FROM it b CROSS JOIN outgoing k WHERE b.kind = 'hash'
    UNION ALL SELECT 'valid', 502, format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, b.t, k.comment) FROM it b CROSS JOIN outgoing k WHERE b.kind = 'hash' AND k.comment IS NOT NULL
    UNION ALL SELECT 'valid', 510, format('ALTER TABLE %s VALIDATE CONSTRAINT %I', f.child, f.conname) FROM incoming_new f WHERE f.new_definition IS NOT NULL AND f.convalidated
    -- The swap back.
    UNION ALL SELECT x.phase, 302, format('ALTER SEQUENCE %s OWNED BY %s.%I', q.qualified, CASE x.phase WHEN 'back' THEN b.o ELSE b.s END, q.attname)
    FROM it b CROSS JOIN sequences q JOIN swaps x ON x.phase <> 'swap' WHERE NOT q.identity
    UNION ALL SELECT 'back', 301, format('ALTER SEQUENCE %s RENAME TO %s', q.qualified, s.quoted) FROM sequences q JOIN names s ON s.role = 's' AND s.object = q.oid
    UNION ALL SELECT 'back', 320, format('ALTER TABLE %s DETACH PARTITION %s', b.t, b.o) FROM it b WHERE b.kind = 'range'
    UNION ALL SELECT 'back', 321, format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM %s', b.o, b.all_columns, b.t) FROM it b WHERE b.kind = 'range'
    UNION ALL SELECT 'back', 322, 'SET CONSTRAINTS ALL IMMEDIATE' FROM it b
    UNION ALL SELECT x.phase, 330, format('ALTER TABLE %s RENAME TO %s', b.t, b.x_name) FROM it b JOIN swaps x ON x.phase <> 'swap'
    UNION ALL SELECT x.phase, 331, format('ALTER TABLE %s RENAME TO %I', CASE x.phase WHEN 'back' THEN b.o ELSE b.s END, b.name) FROM it b JOIN swaps x ON x.phase <> 'swap'
    UNION ALL SELECT 'back', 350, format('ALTER TABLE %s ALTER %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s %s)', b.t, q.attname,
            CASE q.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, q.qualified, q.options)
    FROM it b CROSS JOIN sequences q WHERE q.identity
    UNION ALL SELECT 'back', 351, format('SELECT pg_catalog.setval(%L, last_value, is_called) FROM %s', q.qualified, s.qualified)
    FROM sequences q JOIN names s ON s.role = 's' AND s.object = q.oid
    UNION ALL SELECT x.phase, 381, format('ALTER PUBLICATION %I DROP TABLE %s', p.pubname, b.x) FROM it b CROSS JOIN publications p JOIN swaps x ON x.phase <> 'swap' WHERE p.direct
    -- Names that are free by now may be those of other tables' things.
    -- What is put away is dropped after the swap, which is the shorter; by then it holds no names, and no rows of other tables.
    UNION ALL SELECT x.phase, 333, format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', b.x, k.conname) FROM it b CROSS JOIN outgoing k JOIN swaps x ON x.phase <> 'swap'
    UNION ALL SELECT 'back', 334, format('ALTER TABLE IF EXISTS %s DROP CONSTRAINT IF EXISTS %I', p.qualified, k.conname) FROM it b CROSS JOIN outgoing k CROSS JOIN partition_tables p WHERE b.kind = 'hash'
    UNION ALL SELECT x.phase, 335, format('DO %L', format('BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid'
            ' WHERE i.indrelid = %L::pg_catalog.regclass AND c.relname = %L) THEN ALTER INDEX %I.%I RENAME TO %s; END IF; END', b.x, i.name, b.schema, i.name, o.quoted))
    FROM it b CROSS JOIN indexes i JOIN names o ON o.role = 'x' AND o.object = i.oid JOIN swaps x ON x.phase <> 'swap'
    UNION ALL SELECT x.phase, 336, format('DO %L', format('BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_statistic_ext e JOIN pg_catalog.pg_namespace n ON n.oid = e.stxnamespace'
            ' WHERE e.stxrelid = %L::pg_catalog.regclass AND e.stxname = %L AND n.nspname = %L) THEN ALTER STATISTICS %s RENAME TO %s; END IF; END', b.x, e.name, e.schema, e.qualified, o.quoted))
    FROM it b CROSS JOIN statistics e JOIN names o ON o.role = 'x' AND o.object = e.oid JOIN swaps x ON x.phase <> 'swap'
    UNION ALL SELECT 'remains', 490 + d.n, format('DROP %s', d.what)
    FROM it b CROSS JOIN LATERAL (VALUES (0, 'TABLE IF EXISTS ' || b.x), (1, 'FUNCTION IF EXISTS ' || b.note || '()'), (2, 'TABLE IF EXISTS ' || b.dirty)) d(n, what)
    UNION ALL SELECT 'back', 385, CASE WHEN i.extended AND b.kind = 'range' THEN format('ALTER TABLE %s DROP CONSTRAINT %s', b.t, o.quoted)
                                       ELSE format('DO %L', format('BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid'
            ' WHERE i.indrelid = %L::pg_catalog.regclass AND c.relname = %L) THEN ALTER INDEX %s RENAME TO %I; END IF; END', b.t, o.name, o.qualified, i.name)) END
    FROM it b CROSS JOIN indexes i JOIN names o ON o.role = 'o' AND o.object = i.oid
    UNION ALL SELECT 'back', 386, format('ALTER TABLE %s ADD CONSTRAINT %I PRIMARY KEY USING INDEX %s%s', b.t, i.conname, s.quoted, i.deferring)
    FROM it b CROSS JOIN indexes i JOIN names s ON s.role = 's' AND s.object = i.oid WHERE i.extended AND b.kind = 'range'
    UNION ALL SELECT 'back', 387, x.statement
    FROM it b CROSS JOIN indexes i CROSS JOIN LATERAL (
        SELECT format('COMMENT ON CONSTRAINT %I ON %s IS %L', i.conname, b.t, i.comment) WHERE i.comment IS NOT NULL
        UNION ALL SELECT format('ALTER TABLE %s CLUSTER ON %I', b.t, i.name) WHERE i.indisclustered
        UNION ALL SELECT format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', b.t, i.name) WHERE i.indisreplident AND b.relreplident = 'i') x(statement)
    WHERE i.extended AND b.kind = 'range'
    UNION ALL SELECT 'back', 388, format('ALTER TABLE %s ALTER %I DROP NOT NULL', b.t, b.key) FROM it b WHERE b.kind = 'range' AND NOT b.key_not_null
    UNION ALL SELECT 'back', 389, format('ALTER STATISTICS %s RENAME TO %I', o.qualified, e.name) FROM statistics e JOIN names o ON o.role = 'o' AND o.object = e.oid
    UNION ALL SELECT x.phase, 410, format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', b.t, k.conname, k.definition) FROM it b CROSS JOIN outgoing k JOIN swaps x ON x.phase = CASE b.kind WHEN 'hash' THEN 'back' ELSE 'swap_plain' END
    UNION ALL SELECT x.phase, 411, format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, b.t, k.comment) FROM it b CROSS JOIN outgoing k JOIN swaps x ON x.phase = CASE b.kind WHEN 'hash' THEN 'back' ELSE 'swap_plain' END WHERE k.comment IS NOT NULL
    UNION ALL SELECT 'swap_plain', 405, format('ALTER TABLE %s ADD CONSTRAINT %I %s', b.t, k.conname, k.definition) FROM it b CROSS JOIN checks k WHERE b.kind = 'range' AND NOT k.convalidated
    UNION ALL SELECT 'swap_plain', 406, format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, b.t, k.comment) FROM it b CROSS JOIN checks k WHERE b.kind = 'range' AND NOT k.convalidated AND k.comment IS NOT NULL
    UNION ALL SELECT 'swap_plain', 407, format('ALTER TABLE %s CLUSTER ON %I', b.t, i.name) FROM it b CROSS JOIN indexes i WHERE b.kind = 'range' AND i.indisclustered
    UNION ALL SELECT x.phase, 440, format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', f.child, f.conname, f.definition, CASE WHEN f.convalidated THEN ' NOT VALID' ELSE '' END) FROM incoming f JOIN swaps x ON x.phase <> 'swap'
    UNION ALL SELECT x.phase, 441, format('COMMENT ON CONSTRAINT %I ON %s IS %L', f.conname, f.child, f.comment) FROM incoming f JOIN swaps x ON x.phase <> 'swap' WHERE f.comment IS NOT NULL
    UNION ALL SELECT x.phase, 451, format('ALTER PUBLICATION %I SET (publish_via_partition_root = false)', p.pubname) FROM publications p JOIN swaps x ON x.phase <> 'swap' WHERE NOT p.pubviaroot
    UNION ALL SELECT x.phase, 452, format('ALTER PUBLICATION %I ADD TABLE %s%s%s', p.pubname, b.t, p.columns, p.filter) FROM it b CROSS JOIN publications p JOIN swaps x ON x.phase <> 'swap' WHERE p.direct
    UNION ALL SELECT CASE b.kind WHEN 'hash' THEN 'valid_back' ELSE 'valid_plain' END, 500, format('ALTER TABLE %s VALIDATE CONSTRAINT %I', b.t, k.conname) FROM it b CROSS JOIN outgoing k
    UNION ALL SELECT x.phase, 510, format('ALTER TABLE %s VALIDATE CONSTRAINT %I', f.child, f.conname) FROM incoming f CROSS JOIN (VALUES ('valid_back'), ('valid_plain')) x(phase) WHERE f.convalidated
    -- The whole has no statistics yet.
    UNION ALL SELECT 'valid', 520, format('ANALYZE %s', b.t) FROM it b
)
SELECT phase, n, statement FROM statements ORDER BY phase, n, statement
