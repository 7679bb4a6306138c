/** The statements that forget what is made of events, once these are gone: who the persons were, and what was counted. */
export function forgetWithEvents(db: D1Database, tenantId: string, before: number): D1PreparedStatement[] {
  return [
    'DELETE FROM console_persons WHERE tenant_id = ?1 AND last_seen_at < ?2',
    'DELETE FROM event_counts WHERE tenant_id = ?1 AND hour_at < ?2',
    'DELETE FROM agent_counts WHERE tenant_id = ?1 AND day_at < ?2',
  ].map((text) => db.prepare(text).bind(tenantId, before))
}
