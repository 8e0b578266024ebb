/** How a step's script tells the harness what its block did: a file, named by the harness in the environment. */
import { z } from 'zod';
import type { Performed } from '../performed.ts';

/** The name of the variable; a script without it was started by a person. */
export const RESULT_FILE = 'DRILLBOOK_STEP_RESULT';
/** The page whose step it is, where the harness runs one; otherwise it lies beside the script. */
export const PAGE = 'DRILLBOOK_STEP_PAGE';
/** The container that the block runs in, as JSON; without it, it runs where its script does. */
export const CONTAINER = 'DRILLBOOK_STEP_CONTAINER';
/** Time and output that the block may take, as JSON. */
export const LIMITS_OF_STEP = 'DRILLBOOK_STEP_LIMITS';

const schema = z.object({
  status: z.number().int(),
  output: z.string(),
  seconds: z.number(),
  guard: z.string().optional(),
  problem: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('too-much-output'), program: z.string(), limit: z.number() }),
      z.object({ kind: z.literal('too-long'), program: z.string(), seconds: z.number() }),
    ])
    .optional(),
});

export function parseHandedBack(text: string): Performed {
  const { guard, problem, ...rest } = schema.parse(JSON.parse(text));
  return { ...rest, ...(guard === undefined ? {} : { guard }), ...(problem === undefined ? {} : { problem }) };
}
