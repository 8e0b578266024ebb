/** The disaster recovery checklist: docs/DATABASE.md holds the same eleven items. */
export const CHECKLIST = [
  'Identify the backup (last known good state)',
  'Notify stakeholders of downtime',
  'Take a current backup if the database is accessible',
  'Download the backup',
  'Stop application services',
  'Restore',
  'Verify table counts and key data',
  'Restart services',
  'Verify the application',
  'Notify stakeholders of completion',
  'Document the incident',
] as const;
