/** Privileges as words: who may what, by name, for they must read the same in any server. */

/**
 * A query of two columns, `who` and `may`: a row for each who has been granted something, with all of it; `*` marks what may be
 * handed on.
 * @param acl what stands after FROM: rows as aclexplode() makes them
 */
export function grantsOf(acl: string): string {
  return `SELECT x.who, string_agg(DISTINCT x.privilege, ', ' ORDER BY x.privilege) AS may
    FROM (
      SELECT
        CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE format('%I', pg_get_userbyid(a.grantee)) END AS who,
        a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END AS privilege
      FROM ${acl} AS a
    ) AS x
    GROUP BY x.who`;
}

/** Puts such a query wherever a text of SQL says `{{grants of …}}`. */
export function withGrants(sql: string): string {
  return sql.replaceAll(/\{\{grants of (.*)\}\}/g, (_, acl: string) => grantsOf(acl));
}
