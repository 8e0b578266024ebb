import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseContents } from '../../src/restore/contents.ts';
import { lackingRoles, statedPolicies } from '../../src/restore/policies.ts';
import { statedGrants, statedOwners } from '../../src/restore/stated.ts';

describe('what an archive states', () => {
  test('its table of contents tells kinds of several words apart', () => {
    const list = `;
;     dbname: nasty
218; 1259 16450 TABLE public users freshtrack
219; 0 0 SEQUENCE SET public users_id_seq freshtrack
220; 0 0 ROW SECURITY public documents freshtrack
221; 2606 1 FK CONSTRAINT public documents a b freshtrack
`;
    const { database, entries } = parseContents(list);
    assert.equal(database, 'nasty');
    assert.deepEqual(
      entries.map(({ id, kind }) => [id, kind]),
      [
        [218, 'TABLE'],
        [219, 'SEQUENCE SET'],
        [220, 'ROW SECURITY'],
        [221, 'FK CONSTRAINT'],
      ],
    );
  });

  test('owners, of whatever is owned', () => {
    const owners = statedOwners(`ALTER TABLE public."Odd ""x""" OWNER TO "My Role";
ALTER FUNCTION public.slug(value text) OWNER TO app;
ALTER LARGE OBJECT 7 OWNER TO app;
`);
    assert.deepEqual(
      [...owners],
      [
        ['relation public."Odd ""x"""', 'My Role'],
        ['function public.slug(value text)', 'app'],
        ['large object 7', 'app'],
      ],
    );
  });

  test('privileges, on tables and on columns, with and without the right to grant', () => {
    const { grants, revoked } = statedGrants(`GRANT SELECT,INSERT ON TABLE public.users TO app;
GRANT UPDATE(email) ON TABLE public.users TO "My Role" WITH GRANT OPTION;
REVOKE ALL ON FUNCTION public.f() FROM PUBLIC;
`);
    assert.deepEqual(grants.get('relation public.users')?.get('app'), new Set(['SELECT', 'INSERT']));
    assert.deepEqual(grants.get('column public.users.email')?.get('My Role'), new Set(['UPDATE*']));
    assert.ok(revoked.has('function public.f()'));
  });

  test('policies: which roles they name, and a statement without them', () => {
    const policies = statedPolicies(`--
-- Name: a; Type: POLICY
--

CREATE POLICY "own one" ON public.docs AS RESTRICTIVE FOR SELECT TO "My Role", app USING ((owner = CURRENT_USER));


--
-- Name: b; Type: POLICY
--

CREATE POLICY b ON public.docs USING (true)
  WITH CHECK ((body <> ' TO x;'::text));
`);
    assert.deepEqual(
      policies.map(({ name, roles }) => [name, roles]),
      [
        ['"own one" on public.docs', ['"My Role"', 'app']],
        ['b on public.docs', []],
      ],
    );
    assert.equal(
      policies[0]?.statement,
      'CREATE POLICY "own one" ON public.docs AS RESTRICTIVE FOR SELECT TO CURRENT_USER USING ((owner = CURRENT_USER));',
    );
    assert.match(
      policies[1]?.statement ?? '',
      /^CREATE POLICY b ON public\.docs TO CURRENT_USER USING \(true\)\n {2}WITH CHECK/,
    );
    assert.equal(lackingRoles(policies, new Set(['My Role'])).length, 1);
    assert.equal(lackingRoles(policies, new Set(['My Role', 'app'])).length, 0);
  });
});
