/** What lies around production: databases left behind, other people's databases, roles, server settings, objects. */
import type { Observation } from '../world.ts';
import type { EndFault } from './fault.ts';
import { describeChange } from './unchanged.ts';

/** Databases that are new and that the page does not say it leaves. */
export function leftoverFaults(before: Observation, after: Observation, allowed: string[]): EndFault[] {
  const had = new Set(before.databases.map(({ name }) => name));
  return after.databases
    .filter(({ name }) => !had.has(name) && !allowed.includes(name))
    .map(({ name }) => ({
      rule: 'end-database-left',
      reason: `the database ${name} was left behind, and "leaves" does not name it`,
      expected: allowed.length === 0 ? 'no new database' : `no new database but ${allowed.join(', ')}`,
      received: name,
    }));
}

/** Databases that are no business of the page: they are exactly as before. */
export function bystanderFaults(before: Observation, after: Observation, ours: string[]): EndFault[] {
  return before.databases
    .filter(({ name }) => !ours.includes(name))
    .flatMap((was) => {
      const change = describeChange(
        was,
        after.databases.find(({ name }) => name === was.name),
        was.name,
      );
      if (change === undefined) return [];
      return [
        {
          rule: 'end-other-database-changed',
          reason: `another database was touched: ${change}`,
          expected: `${was.name} as before`,
          received: change,
        },
      ];
    });
}

/** Roles may be added (a backup needs them); none may be lost or changed, and the server keeps its settings. */
export function serverFaults(before: Observation, after: Observation): EndFault[] {
  const lost = before.roles.filter((role) => !after.roles.includes(role));
  const roles = lost.map((role) => ({
    rule: 'end-role-changed',
    reason: `a role is gone or changed: ${role.split(' · ')[0]}`,
    expected: role,
    received: after.roles.find((other) => other.split(' · ')[0] === role.split(' · ')[0]) ?? 'no such role',
  }));
  if (before.server.join('\n') === after.server.join('\n')) return roles;
  const received = after.server.join(', ') || 'none';
  const expected = before.server.join(', ') || 'none';
  return [
    ...roles,
    { rule: 'end-server-changed', reason: 'settings made with ALTER SYSTEM changed', expected, received },
  ];
}

/** Objects may be added (a backup, a verdict); none may be lost or overwritten, but the agent's own state. */
export function objectFaults(before: Observation, after: Observation): EndFault[] {
  if (before.objects === undefined || after.objects === undefined) return [];
  const now = new Map(after.objects.map((object) => [object.name, object]));
  return before.objects
    .filter(({ name }) => !name.startsWith('.drillbook/'))
    .flatMap(({ name, size, modified }) => {
      const is = now.get(name);
      if (is === undefined) return [{ rule: 'end-object-lost', reason: `the object ${name} is gone from the bucket` }];
      if (is.size === size && is.modified === modified) return [];
      return [{ rule: 'end-object-changed', reason: `the object ${name} was overwritten in the bucket` }];
    });
}
