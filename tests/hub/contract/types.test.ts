import type { Static } from '@sinclair/typebox';
import { expect, it } from 'vitest';
import type { Wire } from '../../../sdk/base/wire.ts';
import type { CameraChange as CameraChangeSchema, CameraSettings, DeepPartial } from '../../../sdk/config/schema.ts';
import type { EventSchema } from '../../../sdk/hub/contract/event.ts';
import type { ConnectionSchema, NodeStatsSchema, WireNodeStats } from '../../../sdk/hub/contract/stats.ts';
import type { HubStats } from '../../../sdk/hub/hub.ts';
import type { EventMessage } from '../../../sdk/vision/event.ts';

/** All fields there, so that one that is optional on one side only is found as well. */
type Complete<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]-?: Complete<Exclude<T[K], undefined>> }
    : T;
type Fits<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Same<A, B> = Fits<A, B> extends true ? Fits<Complete<A>, Complete<B>> : false;

// The compiler is the test: a field that is new in a type is missing in its schema, and this file says which.
it('the schemas of the contract say what the types say', () => {
  const event: Same<Static<typeof EventSchema>, EventMessage> = true;
  const stats: Same<Static<typeof NodeStatsSchema>, WireNodeStats> = true;
  const connection: Same<Static<typeof ConnectionSchema>, Wire<Omit<HubStats, 'connected' | 'protocolVersion'>>> = true;
  const change: Same<CameraChangeSchema, DeepPartial<CameraSettings>> = true;
  const other: Same<{ a: number }, { a: number; b?: string }> = false;
  expect([event, stats, connection, change, other]).toEqual([true, true, true, true, false]);
});
