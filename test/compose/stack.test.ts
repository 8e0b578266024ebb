/** The Compose stack as somebody with a fresh clone meets it, and what becomes of a backup when a container is killed. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { eventually, newStack, type Stack } from './support/stack.ts';

const Inspected = z.array(
  z.looseObject({
    Name: z.string(),
    Config: z.looseObject({ User: z.string() }),
    HostConfig: z.looseObject({
      ReadonlyRootfs: z.boolean(),
      Privileged: z.boolean(),
      CapDrop: z.array(z.string()).nullable(),
      CapAdd: z.array(z.string()).nullable(),
      SecurityOpt: z.array(z.string()).nullable(),
      Memory: z.number(),
      NanoCpus: z.number(),
      PidsLimit: z.number().nullable(),
      LogConfig: z.looseObject({ Config: z.record(z.string(), z.string()) }),
      PortBindings: z.record(z.string(), z.array(z.looseObject({ HostIp: z.string() }))).nullable(),
    }),
    Mounts: z.array(z.looseObject({ Source: z.string(), Destination: z.string() })),
  }),
);

describe('the stack of a fresh clone', () => {
  let stack: Stack;
  const since = Date.now();
  const seconds = () => ((Date.now() - since) / 1000).toFixed(1);
  before(async () => {
    // Large enough that a backup and a drill can be met in their middle.
    stack = await newStack({ SAMPLE_ROWS: '400000' });
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
  });

  it('becomes healthy without a file being edited', async (t) => {
    const up = await stack.compose('up', '--detach', '--wait');
    assert.equal(up.status, 0, `${up.stderr}\n${(await stack.compose('logs', '--no-color', '--tail=30')).stdout}`);
    t.diagnostic(`healthy after ${seconds()} s`);
    const ready = await fetch(`http://127.0.0.1:${stack.ports.backend}/readyz`);
    assert.equal(ready.status, 200);
  });

  it('has a first proven backup by itself', async (t) => {
    const proven = async () => /"verdict": "proven"/.test((await stack.exec('drillbook', 'backups', '--json')).stdout);
    await eventually('there is a proven backup', proven);
    t.diagnostic(`first proven backup after ${seconds()} s`);
  });

  it('performs the restore test by the script: of the newest, of a named one, and not of a missing one', async () => {
    const [name = ''] = /freshtrack_[\d_-]+\.sql\.gz/.exec((await stack.exec('drillbook', 'backups')).stdout) ?? [];
    const newest = await stack.exec('/scripts/test-restore.sh');
    assert.equal(newest.status, 0, newest.stderr);
    assert.match(newest.stdout, /^PROVEN: /m);
    const named = await stack.exec('/scripts/test-restore.sh', name);
    assert.equal(named.status, 0, named.stderr);
    assert.ok(named.stdout.includes(`PROVEN: ${name} was restored`), named.stdout);
    const missing = await stack.exec('/scripts/test-restore.sh', 'freshtrack_2001-01-01_00-00-00.sql.gz');
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /There is no backup "freshtrack_2001-01-01_00-00-00\.sql\.gz"/);
  });

  it('gives a reader every tool and setting in a shell whose prompt is marked', async () => {
    const tools =
      'psql --version && pg_restore --version && mc ls "store/$BUCKET" && echo "$KEY_TABLES $MIN_TABLES" && pwd';
    const shell = await stack.exec('bash', '-c', `set -e; ${tools}; psql --dbname=freshtrack -Atc 'SELECT 1'`);
    assert.equal(shell.status, 0, shell.stderr);
    assert.match(shell.stdout, /organizations,users,sites 10\n\/restore\n1\n$/);
    const interactive = await stack.exec('bash', '-ic', 'printf "%s" "$PS1"');
    assert.ok(interactive.stdout.includes(String.raw`\e]133;D;$?\a`), interactive.stdout);
  });

  it('runs nothing as root, lets nothing write outside volumes and memory, and limits each container', async () => {
    for (const container of await inspected(stack)) {
      const { Config, HostConfig, Mounts, Name } = container;
      assert.ok(Config.User !== '' && !/^(0|root)(:|$)/.test(Config.User), `${Name} runs as "${Config.User}"`);
      assert.equal(HostConfig.ReadonlyRootfs, true, Name);
      assert.equal(HostConfig.Privileged, false, Name);
      assert.deepEqual([HostConfig.CapDrop, HostConfig.CapAdd ?? []], [['ALL'], []], Name);
      assert.ok(HostConfig.SecurityOpt?.includes('no-new-privileges:true'), Name);
      assert.ok(HostConfig.Memory > 0 && HostConfig.NanoCpus > 0 && (HostConfig.PidsLimit ?? 0) > 0, Name);
      assert.equal(HostConfig.LogConfig.Config['max-size'], '10m', Name);
      assert.ok(!Mounts.some((mount) => /docker\.sock/.test(`${mount.Source}${mount.Destination}`)), Name);
    }
    for (const name of [stack.containers.postgres, stack.containers.minio, stack.containers.backup]) {
      const { stdout } = await stack.docker('top', name, '-o', 'pid,uid');
      assert.ok(
        !stdout
          .split('\n')
          .slice(1)
          .some((line) => / 0$/.test(line)),
        `${name}: ${stdout}`,
      );
    }
  });

  it('publishes the application and the metrics, on the loopback address, and nothing else', async () => {
    const published = (await inspected(stack)).flatMap(({ HostConfig }) =>
      Object.entries(HostConfig.PortBindings ?? {}).flatMap(([port, hosts]) =>
        hosts.map((host) => [port, host.HostIp]),
      ),
    );
    assert.deepEqual(published.sort(), [
      ['8080/tcp', '127.0.0.1'],
      ['9188/tcp', '127.0.0.1'],
    ]);
  });

  it('changes nothing when it is started again', async () => {
    const before = (await stack.exec('psql', '--dbname=freshtrack', '-Atc', 'SELECT count(*) FROM users')).stdout;
    const up = await stack.compose('up', '--detach', '--wait');
    assert.equal(up.status, 0, up.stderr);
    const log = (await stack.compose('logs', '--no-color', 'setup')).stdout;
    assert.match(log, /The stack is set up already; nothing was changed/);
    assert.equal(
      (await stack.exec('psql', '--dbname=freshtrack', '-Atc', 'SELECT count(*) FROM users')).stdout,
      before,
    );
  });

  it('refuses a password other than the one it was made with, and says which', async () => {
    const ran = await stack.compose('run', '--rm', '--env=POSTGRES_PASSWORD=another', 'secrets');
    assert.equal(ran.status, 2, ran.stderr);
    assert.match(ran.stderr + ran.stdout, /POSTGRES_PASSWORD is another one than this stack was made with/);
  });

  it('says which server refuses a wrong password', async () => {
    const wrong = ['--env=POSTGRES_PASSWORD_FILE=', '--env=POSTGRES_PASSWORD=wrong'];
    const ran = await stack.docker('exec', ...wrong, stack.containers.backup, 'drillbook', 'backup');
    assert.equal(ran.status, 3, ran.stdout);
    assert.match(ran.stderr, /PostgreSQL at postgres:5432 refuses the user "freshtrack"/);
  });

  const WORK = [
    { work: 'backup', script: '/scripts/backup-postgres.sh', begun: `query LIKE 'COPY %'` },
    { work: 'drill', script: '/scripts/test-restore.sh', begun: `datname LIKE 'freshtrack\\_restore\\_test%'` },
  ];
  for (const { work, script, begun } of WORK)
    for (const service of ['postgres', 'minio', 'backup', 'backend'] as const)
      it(`survives that ${service} is killed in the middle of a ${work}`, async () => {
        const listed = new Set(await backups(stack));
        const running = stack.exec(script);
        const query = `SELECT count(*) FROM pg_stat_activity WHERE ${begun}`;
        const psql = `psql -U freshtrack -d postgres -Atc "${query}"`;
        const look = `for ((i = 0; i < 1200; i++)); do [ "$(${psql})" = 0 ] || exit 0; sleep 0.05; done; exit 1`;
        const seen = stack.docker('exec', stack.containers.postgres, 'bash', '-c', look);
        const first = await Promise.race([seen.then(({ status }) => ({ seen: status })), running]);
        assert.deepEqual(first, { seen: 0 });
        assert.equal((await stack.docker('kill', stack.containers[service])).status, 0);
        const { status, stderr } = await running;
        if (service === 'backend') assert.equal(status, 0, stderr);
        else assert.notEqual(status, 0);

        const up = await stack.compose('up', '--detach', '--wait');
        assert.equal(up.status, 0, up.stderr);
        // Whatever is listed is whole: a new one, or one more that the agent has taken meanwhile, can be proven.
        for (const name of await backups(stack)) {
          if (listed.has(name)) continue;
          const proof = await stack.exec('/scripts/test-restore.sh', name);
          assert.equal(proof.status, 0, proof.stderr);
        }
        const next = await stack.exec('/scripts/backup-postgres.sh');
        assert.equal(next.status, 0, next.stderr);
        const drill = await stack.exec('/scripts/test-restore.sh');
        assert.equal(drill.status, 0, drill.stderr);
      });

  it('leaves no test database and no file of a drill after all that', async () => {
    const names = 'SELECT count(*) FROM pg_database WHERE datname LIKE $$freshtrack\\_restore\\_test%$$';
    const none = async () => (await stack.exec('psql', '--dbname=postgres', '-Atc', names)).stdout.trim() === '0';
    await eventually('no test database is left', none);
    await eventually('no file is left', async () => (await stack.exec('find', '/restore', '-type', 'f')).stdout === '');
  });
});

describe('what a person did wrong', () => {
  it('refuses a volume of another major version, and says what to do', async () => {
    await using stack = await newStack();
    const make = ['run', '--rm', '--no-deps', '--entrypoint=bash', 'postgres', '-c', 'echo 13 >"$PGDATA/PG_VERSION"'];
    const made = await stack.compose(...make);
    assert.equal(made.status, 0, made.stderr);
    await stack.compose('up', '--detach', '--no-deps', 'postgres');
    const said = async () =>
      /the volume holds the data of PostgreSQL 13, but this image is PostgreSQL \d+/.test(
        (await stack.compose('logs', '--no-color', 'postgres')).stdout,
      );
    await eventually('it is said', said);
  });

  it('names the port that another program has', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      await using stack = await newStack({ METRICS_PORT: String(port) });
      const up = await stack.compose('up', '--detach', '--no-deps', 'backup');
      assert.notEqual(up.status, 0);
      assert.match(up.stderr, new RegExp(`${port}.*(already in use|already allocated)`, 's'));
    } finally {
      server.close();
    }
  });
});

async function inspected(stack: Stack) {
  const { stdout } = await stack.compose('ps', '--all', '--quiet');
  const containers = await stack.docker('inspect', ...stdout.split('\n').filter(Boolean));
  const parsed = Inspected.parse(JSON.parse(containers.stdout));
  assert.equal(parsed.length, 6);
  return parsed;
}

async function backups(stack: Stack): Promise<string[]> {
  const { stdout } = await stack.exec('drillbook', 'backups');
  return stdout.match(/freshtrack_[\d_-]+\.sql\.gz/g) ?? [];
}
