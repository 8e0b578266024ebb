/** The page "Run it under Compose", pasted into a terminal on a machine where no such project exists. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { performReader } from '../../src/rehearsal/lanes/reader.ts';
import type { StepResult } from '../../src/rehearsal/result.ts';
import { parsePage } from '../../src/runbook/parse.ts';
import { newStack, type Stack } from './support/stack.ts';
import { keepTranscript, runOf, type Versions, versionsOf } from './support/transcript.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PATH = 'docs/run-under-compose/index.md';
const text = readFileSync(join(ROOT, PATH), 'utf8');
const page = parsePage(text, PATH, { repository: true });

describe('"Run it under Compose"', () => {
  let stack: Stack;
  const home = mkdtempSync(join(tmpdir(), 'drillbook-host-'));
  before(async () => {
    stack = await newStack();
  });
  after(async () => {
    await stack?.[Symbol.asyncDispose]();
    rmSync(home, { recursive: true });
  });

  it('is a page without faults', () => {
    assert.deepEqual(page.faults, []);
  });

  it('leads from nothing to a proven backup and back, as it is pasted', async (t) => {
    assert.deepEqual(await things(), []);
    let versions: Versions | undefined;
    const results = await performReader({
      page,
      pageFile: join(ROOT, PATH),
      values: {},
      environment: {},
      folders: { toolbox: ROOT, host: ROOT },
      containers: {
        toolbox: { name: stack.containers.backup, client: stack.env, folder: '/restore', mark: stack.project },
        host: { LANG: 'C.UTF-8', TZ: 'UTC', ...stack.env, HOME: home },
        outside: {},
      },
      lab: 'compose',
      around: {
        before: async ({ id }) => {
          if (id === 'down') versions = await versionsOf(stack);
        },
        after: async () => {},
      },
      // Compose draws its progress anew many times a second.
      limits: { output: 50_000_000 },
    });
    for (const { id, seconds, flaw, output } of results)
      await t.test(`${id}: ${seconds.toFixed(1)} s`, () => assert.equal(flaw, undefined, said(flaw, output)));
    assert.deepEqual(
      results.map(({ id }) => id),
      page.steps.map(({ id }) => id),
    );
    assert.ok(versions);
    const loaded = { page, file: join(ROOT, PATH), scripts: new Map(), scriptTexts: {} };
    keepTranscript(loaded, [runOf('reader', results)], stack, versions);
  });

  it('leaves the volumes at its last step, and nothing once they are removed as it says', async () => {
    assert.deepEqual((await things()).map((name) => name.replace(stack.project, '')).sort(), [
      '_minio',
      '_postgres',
      '_restore',
      '_secrets',
    ]);
    assert.ok(text.includes("docker compose --profile '*' down --volumes\n"));
    const removed = await stack.compose('--profile', '*', 'down', '--volumes');
    assert.equal(removed.status, 0, removed.stderr);
    assert.deepEqual(await things(), []);
  });

  it('names addresses that the stack has, and settings that it reads', async () => {
    const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
    for (const [, name = ''] of text.matchAll(/`([A-Z]+_(?:IMAGE|PORT|PASSWORD|KEY|TABLES|DB))\b/g))
      assert.ok(compose.includes(`\${${name}:-`), name);
    for (const image of text.matchAll(/^\| `(\w+_IMAGE)` \| `([^`]+:[^`]+)`/gm))
      assert.ok(compose.includes(`\${${image[1]}:-${image[2]}}`), image[0]);
  });

  it('shows an override for a server of your own that takes the place of the stack’s addresses', async () => {
    const override = join(home, 'compose.override.yml');
    const [, shown = ''] = /```yaml\n([\s\S]+?)```/.exec(text) ?? [];
    writeFileSync(override, shown);
    const config = await stack.compose('--file', 'docker-compose.yml', '--file', override, 'config', '--format=json');
    assert.equal(config.status, 0, config.stderr);
    const { services } = Config.parse(JSON.parse(config.stdout));
    const { backup } = Config.parse(parse(shown)).services;
    for (const [name, value] of Object.entries(backup?.environment ?? {}))
      assert.equal(services.backup?.environment?.[name], value);
    const left = Object.values(services.backup?.environment ?? {}).filter((value) =>
      /^(postgres|http:\/\/minio)/.test(String(value)),
    );
    assert.deepEqual(left, ['postgres-backups']);
  });

  /** Containers, networks and volumes of the project, by name. */
  async function things(): Promise<string[]> {
    const label = `label=com.docker.compose.project=${stack.project}`;
    const lists = [
      ['container', '{{.Names}}', '--all'],
      ['network', '{{.Name}}'],
      ['volume', '{{.Name}}'],
    ];
    const found = await Promise.all(
      lists.map(([kind = '', format, ...more]) =>
        stack.docker(kind, 'ls', ...more, `--format=${format}`, `--filter=${label}`),
      ),
    );
    return found.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
  }
});

const Config = z.looseObject({
  services: z.record(z.string(), z.looseObject({ environment: z.record(z.string(), z.unknown()).optional() })),
});

function said(flaw: StepResult['flaw'], output: string): string {
  return `${PATH}:${flaw?.line}: ${flaw?.reason}; expected: ${flaw?.expected}; came: ${flaw?.received}\n${output}`;
}
