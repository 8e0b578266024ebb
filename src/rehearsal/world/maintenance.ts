import { Failure } from '../../failure.ts';
import { connectAdmin } from '../../lab/scenarios/admin.ts';
import type { Client } from '../../postgres/connection.ts';
import type { Settings } from '../../settings.ts';

/** A superuser's session in `postgres`, or in `template1` where a page dropped that one. */
export async function connectMaintenance(settings: Settings['postgres'], signal?: AbortSignal): Promise<Client> {
  try {
    return await connectAdmin(settings, 'postgres', signal);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'database-missing') throw error;
    return connectAdmin(settings, 'template1', signal);
  }
}
