import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destructive } from '../../src/runbook/destructive.ts';

const what = (command: string) =>
  destructive(command).map((one) => `${one.what} ${one.position.line}:${one.position.column}`);

for (const [command, expected] of [
  ['dropdb --if-exists x', ['dropdb 1:1']],
  ['docker compose exec -T postgres dropdb x', ['dropdb 1:33']],
  ['psql -c "DROP DATABASE freshtrack;"', ['DROP DATABASE 1:10']],
  ['psql --command="DROP DATABASE freshtrack"', ['DROP DATABASE 1:17']],
  ["psql --command='DROP DATABASE freshtrack'", ['DROP DATABASE 1:17']],
  ['docker exec p psql -XAtc "truncate table a"', ['TRUNCATE 1:27']],
  [
    "psql <<'SQL'\n-- DROP TABLE a;\nDELETE FROM a;\nALTER DATABASE a\n  RENAME TO b;\nSQL",
    ['DELETE 3:1', 'RENAME DATABASE 4:1'],
  ],
  ["psql <<< 'DROP TABLE a'", ['DROP TABLE 1:11']],
  ['echo "DROP TABLE x" | psql', ['DROP TABLE 1:7']],
  ['psql -c "SELECT format(\'DROP TABLE %I\', x) \\gexec"', ['DROP TABLE 1:25']],
  ['pg_restore --clean -d x y', ['pg_restore --clean 1:1']],
  ['pg_restore -cC -d x y', ['pg_restore --clean 1:1']],
  ['mc --quiet rm --recursive store/x', ['mc rm 1:1']],
  ['mc mirror --remove a b', ['mc mirror --remove 1:1']],
  ['sudo rm -rf a', ['rm -r 1:6']],
  ['echo "$(rm -r a)"', ['rm -r 1:9']],
  ['bash -c "rm -rf x && dropdb y"', ['rm -r 1:10', 'dropdb 1:22']],
  ['find . -name x -delete', ['find -delete 1:1']],
  ['docker compose down -v', ['compose down --volumes 1:8']],
  ['drillbook prune', ['drillbook prune 1:1']],
] as const)
  test(`what it destroys is found in: ${command.replaceAll('\n', ' ⏎ ')}`, () => {
    assert.deepEqual(what(command), expected);
  });

for (const command of [
  'echo "DROP TABLE x"',
  'grep "DROP TABLE" log',
  'psql -c "GRANT DELETE, TRUNCATE ON x TO y"',
  'psql -c "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c ON DELETE CASCADE"',
  'pg_restore --exit-on-error --create -d x y',
  'pg_restore -f /dev/null x.dump',
  'rm file',
  'mc --quiet cp "store/rm" .',
  'drillbook prune --dry-run',
  '# dropdb x',
])
  test(`nothing is destroyed by: ${command}`, () => {
    assert.deepEqual(what(command), []);
  });
