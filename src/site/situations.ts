/**
 * The sidebar's first groups: the situation a reader is in, not the tool that helps. A runbook that is not named here
 * stands in the first: at 03:00 too much is better than too little.
 */
export const SITUATIONS = [
  { label: 'The data is wrong or gone', runbooks: undefined },
  { label: 'An alert fired', runbooks: ['backup-too-old', 'backup-service-down', 'drill-failed'] },
  { label: 'Before it happens', runbooks: ['drill'] },
] as const satisfies { label: string; runbooks: readonly string[] | undefined }[];

/** The group of a runbook by its name. */
export function situationOf(runbook: string): string {
  const named = SITUATIONS.find(({ runbooks }) => runbooks?.some((name) => name === runbook));
  return (named ?? SITUATIONS[0]).label;
}
