import type { HubStats } from '../../../sdk/hub/hub.ts';
import { stuckCameras } from '../../../sdk/pipeline/progress.ts';
import type { Methods } from './handler.ts';
import { nodeMetrics } from './metrics.ts';
import { sendJson, sendText } from './reply.ts';
import type { ConsoleNode } from './source.ts';

export interface OperationsParts {
  readonly node: ConsoleNode;
  /** Undefined without a broker. */
  readonly hub: { readonly stats: HubStats } | undefined;
}

/**
 * Endpoints for monitoring; docs/operations.md documents them.
 *
 * - `/healthz`: whether it makes progress; 503 means: restart it.
 * - `/readyz`: whether all enabled cameras deliver frames; 503 means: look into it.
 * - `/metrics`: metrics for Prometheus.
 */
export function operations({ node, hub }: OperationsParts): ReadonlyMap<string, Methods> {
  const cameras = () => Object.fromEntries([...node.pipelines].map(([name, { status }]) => [name, status]));
  return new Map<string, Methods>([
    [
      '/healthz',
      {
        GET: (request, response, _, pass) => {
          const stuck = stuckCameras(node.stats());
          const ok = stuck.length === 0;
          // It needs no login, so it names cameras only to clients that are logged in.
          sendJson(request, response, ok ? 200 : 503, pass ? { ok, cameras: cameras(), stuck } : { ok });
        },
      },
    ],
    [
      '/readyz',
      {
        GET: (request, response) => {
          const now = cameras();
          const ok = !Object.values(now).includes('offline');
          sendJson(request, response, ok ? 200 : 503, { ok, cameras: now, mqtt: hub ? hub.stats.connected : null });
        },
      },
    ],
    [
      '/metrics',
      {
        GET: (request, response) => {
          const metrics = nodeMetrics(node, hub?.stats, request.headers.accept);
          sendText(request, response, metrics.end(), metrics.contentType);
        },
      },
    ],
  ]);
}
