//! How workers fare, beside one another and on their cores.

use super::{Bar, FindingKind, Look, Proof, Told};
use crate::ledger::WorkerLedger;
use crate::ledger::window::{SPAN_NS, WorkerSums};
use crate::stats::words::{count, number, percent, plural, plural_u64};
use crate::wire::{PoolPlan, WORKERS_MAX, WorkerState};

/// A worker is starved if it was so for two spans, nearly.
const STARVED_NS: u64 = SPAN_NS / 10 * 18;

/// It did nothing but wait: for a lock …
const STARVED_LOCK: f64 = 0.99;

/// … while the best did not wait that much …
const BEST_LOCK: f64 = 0.9;

/// … and took that lock so often; or for a core, of which it got no more than this share …
const STARVED_TAKEN: u64 = 100;
const STARVED_CPU: f64 = 0.05;

/// … though it was ready to run for at least this share of the time, by the kernel's account.
const STARVED_READY: f64 = 0.5;

/// Another ended so many tasks in that time …
const BEST_ENDED: u64 = 100;

/// … and it no more than this share of that.
const STARVED_ENDED: f64 = 0.01;

/// **Starved worker**: it gets nowhere with its tasks for two seconds, while another ends a hundred.
///
/// No false alarm: it ended less than a hundredth of what the best did, and did nothing but wait: either for a lock that
/// was taken at least a hundred times meanwhile (not one that its owner never gives back), or for a core, which is the
/// kernel's word and not ours; and the others waited clearly less. Where everybody waits as long, nobody is starved; a
/// worker in a long task is on its core.
pub(super) fn starved(look: &Look) -> Option<Told> {
    if look.sums.active_ns < STARVED_NS || look.lane.plan.pool == PoolPlan::PerTask {
        return None;
    }
    let best = look.workers.iter().map(|(_, sums)| sums.ended).max()?;
    if best < BEST_ENDED {
        return None;
    }
    let all = look.workers.iter();
    let mut starved =
        all.filter_map(|(worker, sums)| Some((*worker, sums.ended, why_starved(look, worker, sums, best)?)));
    let (first, ended, why) = starved.next()?;
    let more = match starved.count() {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let time_s = number(look.sums.active_ns as f64 / 1e9);
    let ended = if ended == 0 { "no task".to_string() } else { plural_u64(ended, "task") };
    let text = format!("Worker {}{more} ended {ended} in {time_s} s, another {}: {why}", first.id, count(best));
    Some(Told { kind: FindingKind::StarvedWorker, text, proof: Proof::Workers })
}

fn why_starved(look: &Look, worker: &WorkerLedger, sums: &WorkerSums, best: u64) -> Option<String> {
    let attended = sums.attended_ns().max(1) as f64;
    let share = |state| sums.spent(state) as f64 / attended;
    if sums.ended as f64 > best as f64 * STARVED_ENDED {
        return None;
    }
    if share(WorkerState::Lock) >= STARVED_LOCK {
        let place = usize::from(worker.lock?.0);
        let (lock, taken) = (look.lane.locks.get(place)?, look.sums.locks.get(place)?.acquired);
        let best = look.workers.iter().find(|(_, sums)| sums.ended == best).map(|(_, sums)| sums)?;
        let best_waited = best.spent(WorkerState::Lock) as f64 / best.attended_ns().max(1) as f64;
        return (taken >= STARVED_TAKEN && best_waited <= BEST_LOCK).then(|| {
            format!(
                "it waits for lock “{}”, taken {} times meanwhile. Try a fair lock (ticket), or a pause between holds.",
                lock.name.name,
                count(taken)
            )
        });
    }
    let (cpu_ns, ready_ns) = (sums.cpu_ns? as f64, sums.run_queue_ns? as f64);
    let got_none = cpu_ns <= attended * STARVED_CPU && ready_ns >= attended * STARVED_READY;
    (got_none && share(WorkerState::Running) >= STARVED_LOCK).then(|| {
        format!(
            "it had a core for {} of the time and was ready for more. Try fewer workers.",
            percent(cpu_ns / attended)
        )
    })
}

/// At the ends of this share of all ticks tasks wait: they wait all the time.
const WAITING: Bar = Bar::new(0.9, 0.75);

/// The same, where they must wait in the hands of workers, while others have none.
const IN_HAND: Bar = Bar::new(0.75, 0.6);

/// The busiest worker has no time for more …
const BUSY: Bar = Bar::new(0.9, 0.8);

/// … while at least one has nothing to do for this share of its time.
const IDLE: Bar = Bar::new(0.5, 0.4);

/// In either case all together lose at least this share of the pool.
const IDLE_TOGETHER: Bar = Bar::new(0.2, 0.15);

/// **Imbalance**: some workers have nothing to do although tasks wait. Either they wait in the hands of others (a chunk
/// that was handed out whole, tasks in flight): that is seen at the ends of most ticks, whichever workers it is each
/// time; or one worker is busy throughout while another is idle half of the time.
///
/// No false alarm: a pool that simply has little to do has no tasks that wait; one whose workers all lose time in the
/// same way, in being woken or at the queue, has tasks that wait in the queue and no worker that is busy throughout; and
/// who has nothing to do because it gets no core is not idle: the time that it was ready to run, by the kernel's account,
/// is taken off.
pub(super) fn imbalance(look: &Look) -> Option<Told> {
    let kind = FindingKind::Imbalance;
    let told = look.was_told(kind);
    if look.workers.len() < 2 || look.lane.plan.pool == PoolPlan::PerTask {
        return None;
    }
    let waiting = look.waiting_share()?;
    let of = |part: u64, sums: &WorkerSums| part as f64 / sums.attended_ns().max(1) as f64;
    let busy = |sums: &WorkerSums| 1.0 - of(sums.spent(WorkerState::Idle), sums);
    let idle =
        |sums: &WorkerSums| of(sums.spent(WorkerState::Idle).saturating_sub(sums.run_queue_ns.unwrap_or(0)), sums);
    let idle_workers = look.workers.iter().map(|(_, sums)| idle(sums)).sum::<f64>();
    if !IDLE_TOGETHER.is_reached(idle_workers / look.workers.len() as f64, told) {
        return None;
    }
    let hint = match look.lane.plan.pool {
        _ if look.lane.plan.chunk > 1 => "Try a smaller chunk",
        PoolPlan::Processes { in_flight: 1.., .. } => "Try fewer tasks in flight",
        _ => "Try smaller tasks, or one queue for all",
    };
    if IN_HAND.is_reached(look.sums.ticks_in_hand as f64 / look.sums.ticks as f64, told) {
        let text = format!(
            "{} of {} workers have nothing to do on average, while {} tasks wait in the hands of others. {hint}.",
            number(idle_workers),
            look.workers.len(),
            number(look.sums.in_hand as f64 / look.sums.ticks_in_hand.max(1) as f64)
        );
        return Some(Told { kind, text, proof: Proof::Workers });
    }
    let busiest = look.workers.iter().max_by(|(_, one), (_, other)| busy(one).total_cmp(&busy(other)))?;
    let idlest = look.workers.iter().max_by(|(_, one), (_, other)| idle(one).total_cmp(&idle(other)))?;
    let is_so = WAITING.is_reached(waiting, told)
        && BUSY.is_reached(busy(&busiest.1), told)
        && IDLE.is_reached(idle(&idlest.1), told);
    is_so.then(|| {
        let text = format!(
            "Worker {} is busy for {} of its time and worker {} has nothing to do for {}, while tasks wait. {hint}.",
            busiest.0.id,
            percent(busy(&busiest.1)),
            idlest.0.id,
            percent(idle(&idlest.1))
        );
        Told { kind, text, proof: Proof::Workers }
    })
}

/// Waiting for a core is worth telling above this share of running time, and only after some running.
const RUN_QUEUE_SHARE: Bar = Bar::new(0.25, 0.2);
const RUN_QUEUE_AFTER_NS: u64 = 250_000_000;

/// Waiting for other lanes and programs is told of above this share.
const FOR_OTHERS_TOLD: f64 = 0.1;

/// **Oversubscription**: more workers than cores, and they wait for one another's cores.
///
/// No false alarm: where there are no more workers than cores, or no more of them want one at a time than there are
/// (working or ready to, by the kernel's account), whoever waits for a core waits for somebody else's work, and fewer
/// workers would not help; where more workers mostly sleep, they do not wait. What is judged is only what the lane's own
/// workers explain: with `wanted` of them ready on average, all but `cores` wait even if nobody else is there. What they
/// wait beyond that they wait for others, and the text says so.
pub(super) fn oversubscription(look: &Look) -> Option<Told> {
    let kind = FindingKind::Oversubscription;
    let sum = |of: fn(&WorkerSums) -> Option<u64>| {
        look.workers.iter().filter_map(|(_, sums)| of(sums)).fold(0u64, u64::saturating_add)
    };
    let (run_queue_ns, cpu_ns) = (sum(|sums| sums.run_queue_ns), sum(|sums| sums.cpu_ns));
    let share = run_queue_ns as f64 / run_queue_ns.saturating_add(cpu_ns).max(1) as f64;
    let (workers, cores) = (look.lane.workers_alive(), look.around.cores.ceil().max(1.0) as usize);
    let wanted = run_queue_ns.saturating_add(cpu_ns) as f64 / look.sums.active_ns.max(1) as f64;
    let own = ((wanted - look.around.cores) / wanted.max(1e-9)).clamp(0.0, share);
    let is_so = workers > cores
        && wanted > look.around.cores
        && cpu_ns > RUN_QUEUE_AFTER_NS
        && RUN_QUEUE_SHARE.is_reached(own, look.was_told(kind));
    is_so.then(|| {
        let others = if share - own > FOR_OTHERS_TOLD {
            format!(", {} because of others", percent(share - own))
        } else {
            String::new()
        };
        let text = format!(
            "{workers} workers on {}: {} of running time spent waiting for a core{others}. Try {}.",
            plural(cores, "core"),
            percent(share),
            plural(cores, "worker")
        );
        Told { kind, text, proof: Proof::Cpu }
    })
}

/// Workers are blocked for this share of their time …
const BLOCKED: Bar = Bar::new(0.7, 0.6);

/// … and neither idle nor waiting for locks for more than these …
const BLOCKED_IDLE: Bar = Bar::new(0.2, 0.25);
const BLOCKED_LOCK: Bar = Bar::new(0.1, 0.15);

/// … while so much of the cores is free.
const CORES_FREE: Bar = Bar::new(0.5, 0.35);

/// **Pool blocked by I/O**: the workers sleep or wait for I/O most of the time, while tasks wait and cores are free.
///
/// No false alarm: where no task waits, more workers would have nothing to do; where they wait for a lock, or have
/// nothing to do, it is not I/O that holds them up; and the cores are free by the kernel's account, both of the lane
/// and, where lanes run together, of the machine. Whether the disk has more to give nobody can know: so it says try.
pub(super) fn blocked_by_io(look: &Look) -> Option<Told> {
    let kind = FindingKind::BlockedByIo;
    let told = look.was_told(kind);
    let blocked = look.share_in(WorkerState::Blocked);
    let is_blocked = BLOCKED.is_reached(blocked, told)
        && BLOCKED_IDLE.is_kept(look.share_in(WorkerState::Idle), told)
        && BLOCKED_LOCK.is_kept(look.share_in(WorkerState::Lock), told);
    if !is_blocked || !WAITING.is_reached(look.waiting_share()?, told) {
        return None;
    }
    let used = look.sums.cpu_ns? as f64 / look.sums.active_ns.max(1) as f64;
    let unused = (look.around.cores - used).max(0.0);
    let free = look.around.cores_free.map_or(unused, |free| free.min(unused));
    let workers = look.lane.workers_alive();
    (CORES_FREE.is_reached(free, told) && workers < WORKERS_MAX as usize).then(|| {
        let text = format!(
            "Workers are blocked for {} of their time, while tasks wait and {} of {} have nothing to do. Try {}.",
            percent(blocked),
            number(free),
            plural(look.around.cores.ceil() as usize, "core"),
            plural((2 * workers).min(WORKERS_MAX as usize), "worker")
        );
        Told { kind, text, proof: Proof::Workers }
    })
}
