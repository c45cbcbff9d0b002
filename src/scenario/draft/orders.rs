//! What a run can be told instead of being started anew.

use crate::wire::{Arrivals, LaneId, LanePlan, Order, Plan, PoolPlan};

/// The orders that lead from one plan to the other while it runs: none where nothing differs, and `None` where only a new
/// start does.
pub fn orders_between(before: &Plan, after: &Plan) -> Option<Vec<(LaneId, Order)>> {
    let same_run = (before.mode, before.tick_ms, before.seed) == (after.mode, after.tick_ms, after.seed);
    if !same_run || before.lanes.len() != after.lanes.len() {
        return None;
    }
    let mut orders = Vec::new();
    for (before, after) in before.lanes.iter().zip(&after.lanes) {
        orders.extend(between(before, after)?.into_iter().map(|order| (after.id, order)));
    }
    Some(orders)
}

fn between(before: &LanePlan, after: &LanePlan) -> Option<Vec<Order>> {
    let mut orders = Vec::new();
    let mut reached = before.clone();
    if before.workers != after.workers {
        if matches!(before.pool, PoolPlan::Single) {
            return None;
        }
        reached.workers = after.workers;
        orders.push(Order::Resize { workers: after.workers });
        // "4 threads" may run as eight until it is started anew.
        reached.name.clone_from(&after.name);
        // So may a number of outstanding tasks that was made for fewer workers, as long as there is one for each.
        if let (Arrivals::Closed { outstanding: told }, Arrivals::Closed { .. }) = (before.arrivals, after.arrivals)
            && told >= u64::from(after.workers) * u64::from(after.chunk)
        {
            reached.arrivals = after.arrivals;
        }
    }
    if let (Arrivals::Open { rate_per_s: old, .. }, Arrivals::Open { rate_per_s, .. }) =
        (&mut reached.arrivals, after.arrivals)
        && *old != rate_per_s
    {
        *old = rate_per_s;
        orders.push(Order::Rate { per_s: rate_per_s });
    }
    if let (PoolPlan::Processes { payload_bytes: old, .. }, PoolPlan::Processes { payload_bytes, .. }) =
        (&mut reached.pool, &after.pool)
        && old != payload_bytes
    {
        *old = *payload_bytes;
        orders.push(Order::Payload { bytes: *payload_bytes });
    }
    (reached == *after).then_some(orders)
}
