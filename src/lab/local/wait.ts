/** The lab waits as everything else does. */
export { until } from '../../process/wait.ts';
