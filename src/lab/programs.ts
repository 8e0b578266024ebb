/** The programs a lab needs: found on this machine, or provided. */
export { provideChromium } from './programs/chromium.ts';
export { provideMinio } from './programs/minio.ts';
export { providePostgres } from './programs/postgres.ts';
export { providePrometheus } from './programs/prometheus.ts';
