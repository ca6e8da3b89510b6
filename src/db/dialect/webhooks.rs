//! SQL of deliveries.

use sea_orm::DbBackend;

/// Selects the endpoints of a webhook (parameter 1) behind one (parameter 2) to which deliveries
/// are due (parameter 3): at most as many as parameter 4. Steps in the index from endpoint to
/// endpoint, because an endpoint that is away may have very many deliveries.
pub fn due_endpoints(backend: DbBackend) -> String {
    let sign = match backend {
        DbBackend::Postgres => '$',
        _ => '?',
    };
    let waiting = format!(
        "FROM webhook_deliveries AS d WHERE d.webhook_id = {sign}1 AND d.next_at IS NOT NULL"
    );
    format!(
        "WITH RECURSIVE endpoints (endpoint) AS (\
           SELECT (SELECT d.endpoint {waiting} AND d.endpoint > {sign}2 ORDER BY d.endpoint LIMIT 1) \
           UNION ALL \
           SELECT (SELECT d.endpoint {waiting} AND d.endpoint > e.endpoint \
             ORDER BY d.endpoint LIMIT 1) FROM endpoints AS e WHERE e.endpoint IS NOT NULL) \
         SELECT e.endpoint FROM endpoints AS e WHERE e.endpoint IS NOT NULL \
           AND EXISTS (SELECT 1 {waiting} AND d.endpoint = e.endpoint AND d.next_at <= {sign}3) \
         LIMIT {sign}4"
    )
}
