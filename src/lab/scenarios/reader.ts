/** Scenarios that change what surrounds the reader: the store that is away, a wrong password, a full disk. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { impossible } from './impossible.ts';
import type { Scenario } from './scenario.ts';

export const storeDown: Scenario = {
  summary: 'nothing listens where the store should be',
  async prepare({ lab, stack, note }) {
    stack.defer(() => lab.services.minio.start());
    await lab.services.minio.stop();
    note('stopped the object store');
    return {};
  },
};

export const wrongPassword: Scenario = {
  summary: 'the store’s secret, or the database’s, is wrong',
  variants: ['store', 'database'],
  async prepare({ settings, note }, variant) {
    note(`the reader's ${variant === 'database' ? 'database password' : 'store secret'} is wrong, wherever it is kept`);
    return {
      async alterReader({ environment, home }) {
        const right = variant === 'database' ? environment.POSTGRES_PASSWORD : settings.store.secretKey;
        if (right === undefined || right === '') throw impossible('wrong-password', 'the reader has no password');
        const wrong = `${right.slice(0, -4)}-not`;
        await replaceInFiles(home, right, wrong);
        const entries = Object.entries(environment).map(([name, value]) => [name, value.replaceAll(right, wrong)]);
        return Object.fromEntries(entries);
      },
    };
  },
};

export const diskFull: Scenario = {
  summary: 'the working folder’s file system has no room for the archive',
  async prepare({ backup, note }) {
    const { size } = await stat(join(backup.folder, backup.name));
    const kib = Math.max(4, Math.floor(size / 2 / 1024));
    note(`the working folder has room for ${kib} KiB; the archive has ${Math.ceil(size / 1024)} KiB`);
    return { room: kib * 1024 };
  },
};

async function replaceInFiles(folder: string, from: string, to: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const text = await readFile(file, 'latin1');
    if (text.includes(from)) await writeFile(file, text.replaceAll(from, to), 'latin1');
  }
}
