-- The operators that ANALYZE notes for a type: those of its default btree operator class, as lookup_type_cache finds it.
WITH RECURSIVE chain (type, base) AS (
  SELECT oid, oid FROM pg_type
  UNION ALL
  SELECT c.type, d.typbasetype FROM chain c JOIN pg_type d ON d.oid = c.base WHERE d.typtype = 'd'
), class AS MATERIALIZED (
  SELECT o.opcintype AS type, o.opcfamily AS family, m.amname AS method
  FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
  WHERE o.opcdefault AND m.amname IN ('btree', 'hash')
), based AS (
  SELECT c.type, b.oid AS base, b.typname AS name, b.typtype AS kind,
         CASE WHEN b.typlen = -1 THEN b.typelem ELSE 0 END AS element,
         -- The type whose operators serve this one.
         CASE WHEN EXISTS (SELECT FROM class k WHERE k.type = b.oid) THEN b.oid
              WHEN b.typtype = 'e' THEN 'anyenum'::regtype
              WHEN b.typtype = 'r' THEN 'anyrange'::regtype
              WHEN b.typtype = 'm' THEN to_regtype('anymultirange')
              WHEN b.typtype = 'c' THEN 'record'::regtype
              WHEN b.typlen = -1 AND b.typelem <> 0 THEN 'anyarray'::regtype
              ELSE (SELECT x.casttarget FROM pg_cast x JOIN pg_type p ON p.oid = x.casttarget
                    WHERE x.castsource = b.oid AND x.castmethod = 'b' AND x.castcontext = 'i'
                      AND EXISTS (SELECT FROM class k WHERE k.type = x.casttarget AND k.method = 'btree')
                    ORDER BY p.typispreferred DESC LIMIT 1) END::oid AS served_by
  FROM chain c JOIN pg_type b ON b.oid = c.base
  WHERE b.typtype <> 'd'
)
SELECT t.type::bigint AS type, t.name, t.kind::text AS kind, t.element::bigint AS element,
       (SELECT r.rngtypid::bigint FROM pg_range r WHERE (to_jsonb(r)->>'rngmultitypid')::oid = t.base) AS range,
       (SELECT a.amopopr::bigint FROM class k JOIN pg_amop a
          ON a.amopfamily = k.family AND a.amoplefttype = k.type AND a.amoprighttype = k.type
        WHERE k.type = t.served_by AND k.method = 'btree' AND a.amopstrategy = 1) AS less,
       (SELECT a.amopopr::bigint FROM class k JOIN pg_amop a
          ON a.amopfamily = k.family AND a.amoplefttype = k.type AND a.amoprighttype = k.type
        WHERE k.type = t.served_by AND a.amopstrategy = CASE k.method WHEN 'btree' THEN 3 ELSE 1 END
        ORDER BY k.method LIMIT 1) AS equal
FROM based t
WHERE t.kind <> 'p'
