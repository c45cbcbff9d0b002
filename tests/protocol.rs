//! The border: whatever comes over it, from a foreign lane or a broken recording, is an error or a frame; never a panic.

use poolscope::ledger::{Ledger, spans};
use poolscope::report;
use poolscope::view::{Message, Model, Setting, draw_to_text, update};
use poolscope::wire::{
    Arrivals, Blocked, Body, Buckets, CRASH_WAYS, Choice, CommandPlan, Cost, CounterWay, CurvePlan, DecodeError,
    Ending, EndingCount, EndingKind, Event, Exit, Frame, Further, Gone, Hello, Inputs, Job, JobLog, JobsTick, LaneId,
    LanePlan, LockId, LockKind, LockName, LockTick, Machine, Measured, Mode, OnDeath, Order, Phase, Plan, PoolPlan,
    Process, Question, QueueHow, QueueTick, Raw, ResultTick, Resume, RunSoFar, RunsTick, Size, SoFar, Spacing, Stall,
    Standstill, Start, SweepFigures, SweepPlace, SweepPlan, SystemTick, Tasks, Tick, Transport, Turn, Used, Varied,
    Verdict, Waiting, WhenFull, WorkerId, WorkerState, WorkerTick, WorkloadPlan, decode_frame, decode_order,
    encode_frame, encode_order,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

// ── every word of the protocol, made at random ─────────────────────────────────────────────────────────────────────────

/// Numbers as lanes send them, and numbers as only a foreign one would.
fn number() -> BoxedStrategy<u64> {
    prop_oneof![4 => 0..1_000_000u64, 1 => any::<u64>(), 1 => Just(u64::MAX), 1 => Just(0)].boxed()
}

fn real() -> BoxedStrategy<f64> {
    prop_oneof![3 => 0.0..1e6, 1 => proptest::num::f64::NORMAL, 1 => Just(0.0), 1 => Just(f64::MAX)].boxed()
}

fn words() -> BoxedStrategy<String> {
    prop_oneof![3 => "[a-z ]{0,12}", 1 => any::<String>(), 1 => Just("\u{1b}[31m\u{1b}]0;x\u{7}\u{9b}2J".to_string())]
        .boxed()
}

fn worker_id() -> BoxedStrategy<WorkerId> {
    prop_oneof![4 => 0..8u32, 1 => any::<u32>()].prop_map(WorkerId).boxed()
}

fn lock_id() -> BoxedStrategy<LockId> {
    prop_oneof![4 => 0..3u16, 1 => any::<u16>()].prop_map(LockId).boxed()
}

fn lane_id() -> BoxedStrategy<LaneId> {
    prop_oneof![6 => 1..4u16, 1 => any::<u16>()].prop_map(LaneId).boxed()
}

fn tasks() -> BoxedStrategy<Tasks> {
    vec(number(), 9)
        .prop_map(|of| Tasks {
            submitted: of[0],
            queued: of[1],
            running: of[2],
            completed: of[3],
            failed: of[4],
            rejected: of[5],
            discarded: of[6],
            lost: of[7],
            retried: of[8],
        })
        .boxed()
}

fn buckets() -> BoxedStrategy<Buckets> {
    let runs = vec(prop_oneof![3 => -20..1000i64, 1 => any::<i64>()], 0..12);
    (number(), number(), runs).prop_map(|(sum_ns, max_ns, runs)| Buckets { sum_ns, max_ns, runs }).boxed()
}

fn worker_tick() -> BoxedStrategy<WorkerTick> {
    let states = [number(), number(), number(), number(), number()];
    let state = select(WorkerState::ALL.to_vec());
    (
        worker_id(),
        state,
        option::of(lock_id()),
        any::<u32>(),
        number(),
        states,
        option::of(number()),
        option::of(number()),
        option::of(any::<u32>()),
    )
        .prop_map(|(id, state, lock, tid, ended, state_ns, cpu_ns, run_queue_ns, core)| WorkerTick {
            id,
            state,
            lock,
            tid,
            ended,
            state_ns,
            cpu_ns,
            run_queue_ns,
            core,
        })
        .boxed()
}

fn lock_tick() -> BoxedStrategy<LockTick> {
    let counts = [number(), number(), number(), number(), number()];
    (counts, option::of(worker_id()), any::<u32>(), buckets(), buckets())
        .prop_map(|([acquired, contended, wait_ns, hold_ns, abandoned], owner, waiters, wait, hold)| LockTick {
            acquired,
            contended,
            wait_ns,
            hold_ns,
            owner,
            waiters,
            abandoned,
            wait,
            hold,
        })
        .boxed()
}

fn exit() -> BoxedStrategy<Exit> {
    prop_oneof![
        any::<i32>().prop_map(|code| Exit::Code { code }),
        any::<i32>().prop_map(|signal| Exit::Signal { signal }),
        Just(Exit::Unknown),
    ]
    .boxed()
}

fn event() -> BoxedStrategy<Event> {
    prop_oneof![
        (worker_id(), exit(), number(), number()).prop_map(|(worker, exit, retried, lost)| Event::WorkerDied {
            worker,
            exit,
            retried,
            lost
        }),
        (worker_id(), number()).prop_map(|(worker, after_ns)| Event::WorkerReplaced { worker, after_ns }),
        number().prop_map(|count| Event::WorkersRecycled { count }),
        (lock_id(), worker_id()).prop_map(|(lock, worker)| Event::LockAbandoned { lock, worker }),
        any::<u32>().prop_map(|workers| Event::Resized { workers }),
        (words(), words(), any::<u32>()).prop_map(|(what, why, workers)| Event::SpawnFailed { what, why, workers }),
        (words(), words()).prop_map(|(order, why)| Event::Refused { order, why }),
        words().prop_map(|message| Event::TaskPanicked { message }),
    ]
    .boxed()
}

fn phase() -> BoxedStrategy<Phase> {
    select(vec![Phase::Starting, Phase::Running, Phase::Pausing, Phase::Paused, Phase::Halted, Phase::Done]).boxed()
}

fn tick() -> BoxedStrategy<Tick> {
    let queue = ([number(), number(), number()], any::<bool>());
    let queue = queue.prop_map(|([depth, depth_max, depth_area], witnessed)| QueueTick {
        depth,
        depth_max,
        depth_area,
        witnessed,
    });
    let result = (any::<u64>(), any::<u64>(), option::of(any::<bool>()));
    let result = result.prop_map(|(expected, actual, tasks_ok)| ResultTick { expected, actual, tasks_ok });
    let process = vec(option::of(number()), 6).prop_map(|of| Process {
        cpu_ns: of[0],
        run_queue_ns: of[1],
        voluntary: of[2],
        involuntary: of[3],
        memory_bytes: of[4],
        memory_peak_bytes: of[5],
    });
    let head = (prop_oneof![4 => 1..50u64, 1 => any::<u64>()], number(), number(), phase(), tasks());
    let runs = (option::of(runs().prop_map(Box::new)), option::of(jobs().prop_map(Box::new)));
    let lists = (vec(worker_tick(), 0..5), vec(lock_tick(), 0..4), vec(event(), 0..4), runs);
    (head, lists, queue, buckets(), buckets(), result, process, number())
        .prop_map(|(head, lists, queue, queue_wait, service, result, process, events_dropped)| {
            let (seq, interval_ns, active_ns, phase, tasks) = head;
            let (workers, locks, events, (runs, jobs)) = lists;
            Tick {
                seq,
                interval_ns,
                active_ns,
                phase,
                tasks,
                workers,
                queue,
                queue_wait,
                service,
                locks,
                result,
                process,
                runs,
                jobs,
                events,
                events_dropped,
            }
        })
        .boxed()
}

fn ending() -> BoxedStrategy<Ending> {
    let json = prop_oneof![
        Just(serde_json::Value::Null),
        any::<i64>().prop_map(serde_json::Value::from),
        words().prop_map(serde_json::Value::from),
        vec(any::<bool>(), 0..3).prop_map(serde_json::Value::from),
    ];
    let who = (option::of(any::<u32>()), option::of(any::<u32>()), option::of(words()));
    let what = (btree_map(words(), json, 0..3), vec(words(), 0..3), vec(waiting(), 0..3));
    (select(EndingKind::ALL.to_vec()), who, what)
        .prop_map(|(kind, (thread, line, message), (values, output, waits))| Ending {
            kind,
            thread,
            line,
            message,
            values,
            output,
            waits,
        })
        .boxed()
}

fn waiting() -> BoxedStrategy<Waiting> {
    (any::<u32>(), words(), option::of(any::<u32>()))
        .prop_map(|(thread, what, held_by)| Waiting { thread, what, held_by })
        .boxed()
}

fn runs() -> BoxedStrategy<RunsTick> {
    let verdict = select(vec![Verdict::Acceptable, Verdict::Interesting, Verdict::Forbidden]);
    let counted =
        (ending(), verdict, number()).prop_map(|(ending, verdict, count)| EndingCount { ending, verdict, count });
    let standstill = (number(), vec(waiting(), 0..3), vec(any::<u32>(), 0..3), number(), vec(number(), 0..3)).prop_map(
        |(run, waits, circle, found_after_ns, since_ns)| Standstill { run, waits, circle, found_after_ns, since_ns },
    );
    let stall = (number(), any::<u32>(), number(), number(), number())
        .prop_map(|(run, thread, operations, others, length_ns)| Stall { run, thread, operations, others, length_ns });
    let texts = (vec(stall, 0..3), option::of(words()), option::of(words()));
    (vec(counted, 0..3), number(), option::of(number()), option::of(standstill), texts)
        .prop_map(|(endings, others, first_failed_ns, standstill, (stalls, interpreter, unavailable))| RunsTick {
            endings,
            others,
            first_failed_ns,
            standstill,
            stalls,
            interpreter,
            unavailable,
        })
        .boxed()
}

fn raw() -> BoxedStrategy<Raw> {
    vec(any::<u8>(), 0..20).prop_map(Raw).boxed()
}

fn command() -> BoxedStrategy<CommandPlan> {
    let inputs = prop_oneof![
        Just(Inputs::Nothing),
        (any::<i64>(), any::<i64>()).prop_map(|(first, last)| Inputs::Range { first, last }),
        (raw(), any::<bool>()).prop_map(|(path, null)| Inputs::File { path, null }),
        any::<bool>().prop_map(|null| Inputs::Stdin { null }),
    ];
    let resume = select(vec![Resume::No, Resume::All, Resume::Failed]);
    let log = option::of((raw(), resume).prop_map(|(path, resume)| JobLog { path, resume }));
    (raw(), inputs, any::<bool>(), any::<bool>(), any::<u32>(), log)
        .prop_map(|(command, inputs, again, shell, retries, log)| CommandPlan {
            command,
            inputs,
            again,
            shell,
            retries,
            log,
        })
        .boxed()
}

fn used() -> BoxedStrategy<Used> {
    (number(), number(), option::of(number()), option::of(number()), number(), number())
        .prop_map(|(wall_ns, cpu_ns, memory_peak_bytes, io_wait_ns, voluntary, involuntary)| Used {
            wall_ns,
            cpu_ns,
            memory_peak_bytes,
            io_wait_ns,
            voluntary,
            involuntary,
        })
        .boxed()
}

fn job() -> BoxedStrategy<Job> {
    (number(), words(), any::<u32>(), exit(), option::of(words()), used(), words(), words())
        .prop_map(|(number, input, tries, exit, unstarted, used, stdout, stderr)| Job {
            number,
            input,
            tries,
            exit,
            unstarted,
            used,
            stdout,
            stderr,
        })
        .boxed()
}

fn jobs() -> BoxedStrategy<JobsTick> {
    let counts = (option::of(number()), number(), number(), used(), option::of(number()));
    (counts, option::of(job()), vec(job(), 0..3), option::of(words()))
        .prop_map(|((inputs, skipped, runs, used, memory_floor_bytes), newest, failed, stopped)| JobsTick {
            inputs,
            skipped,
            runs,
            used,
            memory_floor_bytes,
            newest: newest.map(Box::new),
            failed,
            stopped,
        })
        .boxed()
}

fn lock_kind() -> BoxedStrategy<LockKind> {
    select(LockKind::ALL.to_vec()).boxed()
}

fn pool() -> BoxedStrategy<PoolPlan> {
    let transport = select(vec![Transport::Pipe, Transport::Socket, Transport::SharedMemory]);
    let start = select(vec![Start::Spawn, Start::Forkserver]);
    prop_oneof![
        Just(PoolPlan::Single),
        select(vec![QueueHow::Channel, QueueHow::Mutex]).prop_map(|queue| PoolPlan::Threads { queue }),
        Just(PoolPlan::Stealing),
        Just(PoolPlan::PerTask),
        command().prop_map(PoolPlan::Command),
        (transport, start, option::of(number()), any::<u32>(), number()).prop_map(
            |(transport, start, max_tasks_per_worker, in_flight, payload_bytes)| PoolPlan::Processes {
                transport,
                start,
                max_tasks_per_worker,
                in_flight,
                payload_bytes,
            }
        ),
    ]
    .boxed()
}

fn workload() -> BoxedStrategy<WorkloadPlan> {
    let ways =
        vec![CounterWay::Racy, CounterWay::Atomic, CounterWay::Locked, CounterWay::Sharded, CounterWay::PerWorker];
    prop_oneof![
        select(vec![
            WorkloadPlan::Primes,
            WorkloadPlan::Mandelbrot,
            WorkloadPlan::Spin,
            WorkloadPlan::Sleep,
            WorkloadPlan::File,
            WorkloadPlan::Loopback,
        ]),
        number().prop_map(|payload_bytes| WorkloadPlan::Hash { payload_bytes }),
        any::<u32>().prop_map(|side| WorkloadPlan::Matrix { side }),
        any::<u32>().prop_map(|n| WorkloadPlan::Fib { n }),
        number().prop_map(|array_bytes| WorkloadPlan::Stream { array_bytes }),
        number().prop_map(|array_bytes| WorkloadPlan::PointerChase { array_bytes }),
        number().prop_map(|block_bytes| WorkloadPlan::Allocate { block_bytes }),
        (select(ways), lock_kind(), any::<bool>()).prop_map(|(way, lock, padded)| WorkloadPlan::Counter {
            way,
            lock,
            padded
        }),
        (real(), lock_kind(), any::<u32>(), any::<bool>())
            .prop_map(|(share, lock, permits, sleep)| WorkloadPlan::CriticalSection { share, lock, permits, sleep }),
        (select(CRASH_WAYS.to_vec()), real()).prop_map(|(way, probability)| WorkloadPlan::Crash { way, probability }),
        number().prop_map(|bytes| WorkloadPlan::Leak { bytes }),
    ]
    .boxed()
}

fn size() -> BoxedStrategy<Size> {
    prop_oneof![
        any::<u32>().prop_map(|units| Size::Constant { units }),
        (any::<u32>(), any::<u32>()).prop_map(|(min, max)| Size::Uniform { min, max }),
        real().prop_map(|mean| Size::Exponential { mean }),
        (real(), real()).prop_map(|(mean, shape)| Size::Pareto { mean, shape }),
        (any::<u32>(), any::<u32>(), real()).prop_map(|(small, large, large_share)| Size::Bimodal {
            small,
            large,
            large_share
        }),
    ]
    .boxed()
}

fn arrivals() -> BoxedStrategy<Arrivals> {
    prop_oneof![
        number().prop_map(|outstanding| Arrivals::Closed { outstanding }),
        (real(), select(vec![Spacing::Constant, Spacing::Poisson]))
            .prop_map(|(rate_per_s, spacing)| Arrivals::Open { rate_per_s, spacing }),
        (number(), number()).prop_map(|(tasks, every_ms)| Arrivals::Burst { tasks, every_ms }),
    ]
    .boxed()
}

fn lane_plan() -> BoxedStrategy<LanePlan> {
    let when_full = select(vec![WhenFull::Block, WhenFull::Reject, WhenFull::CallerRuns, WhenFull::DiscardOldest]);
    let on_death = prop_oneof![Just(OnDeath::Lose), any::<u32>().prop_map(|times| OnDeath::Retry { times })];
    let first = (lane_id(), words(), pool(), any::<u32>(), option::of(number()), when_full, arrivals(), any::<u32>());
    let then =
        (workload(), size(), on_death, option::of(number()), vec(any::<u32>(), 0..4), any::<bool>(), any::<i32>());
    (first, then, any::<bool>(), any::<u64>())
        .prop_map(|(first, then, telemetry, seed)| {
            let (id, name, pool, workers, capacity, when_full, arrivals, chunk) = first;
            let (workload, size, on_death, tasks, cores, pin, nice) = then;
            LanePlan {
                id,
                name,
                pool,
                workers,
                capacity,
                when_full,
                arrivals,
                chunk,
                workload,
                size,
                on_death,
                tasks,
                cores,
                pin,
                nice,
                telemetry,
                seed,
            }
        })
        .boxed()
}

fn plan() -> BoxedStrategy<Plan> {
    let choice = (words(), any::<bool>(), words()).prop_map(|(text, right, why)| Choice { text, right, why });
    let question = (words(), vec(choice, 0..3)).prop_map(|(text, choices)| Question { text, choices });
    let mode =
        prop_oneof![Just(Mode::Together), number().prop_map(|slice_ms| Mode::Turns { slice_ms }), Just(Mode::Cores)];
    let machine =
        (any::<u32>(), vec(any::<u32>(), 0..4), any::<u32>(), option::of(real()), option::of(real()), words());
    let machine = (machine, option::of(any::<bool>())).prop_map(|(machine, autogroup)| {
        let (cores, core_ids, cores_online, quota, parallelism_measured, os) = machine;
        Machine { cores, core_ids, cores_online, quota, parallelism_measured, os, autogroup }
    });
    let statement =
        prop_oneof![words(), Just("lanes.* conserved".to_string()), Just("lanes.1.tasks.lost == 0".to_string())];
    let head = (words(), words(), option::of(question), any::<u64>(), mode, number());
    (head, machine, vec(lane_plan(), 0..4), vec(statement, 0..3))
        .prop_map(|((scenario, title, question, seed, mode, tick_ms), machine, lanes, expect)| Plan {
            scenario,
            title,
            question,
            seed,
            mode,
            tick_ms,
            machine,
            lanes,
            expect,
        })
        .boxed()
}

fn so_far() -> BoxedStrategy<SoFar> {
    let pair = (worker_id(), worker_id(), number());
    let blocked = (vec(pair, 0..6), number()).prop_map(|(pairs, more)| Blocked { pairs, more });
    let lists = (vec(number(), 0..4), vec(worker_id(), 0..4), vec(blocked, 0..3));
    let result = (number(), number(), option::of(any::<bool>())).prop_map(|(expected, actual, tasks_ok)| ResultTick {
        expected,
        actual,
        tasks_ok,
    });
    let counts = vec(number(), 6);
    (tick(), lists, option::of(result), option::of(number()), counts, words())
        .prop_map(|(tick, (events_at_ns, absent, blocked), checked, agreed_seq, of, unreadable_why)| SoFar {
            tick,
            heard_at_ns: of[0],
            events_at_ns,
            absent,
            blocked,
            checked,
            agreed_seq,
            workers_died: of[1],
            spawns_failed: of[2],
            panics_told: of[3],
            unreadable: of[4],
            unreadable_why,
            turns_halted: of[5],
        })
        .boxed()
}

fn sweep_place() -> BoxedStrategy<SweepPlace> {
    let near = || prop_oneof![6 => 0..3u32, 1 => any::<u32>()];
    (near(), near(), near()).prop_map(|(curve, size, round)| SweepPlace { curve, size, round }).boxed()
}

fn sweep_plan() -> BoxedStrategy<SweepPlan> {
    let varied = (words(), words()).prop_map(|(key, value)| Varied { key, value });
    let curve = (lane_id(), words(), vec(varied, 0..2), vec(lane_plan(), 0..4))
        .prop_map(|(lane, name, varied, lanes)| CurvePlan { lane, name, varied, lanes });
    let size = prop_oneof![3 => 1..40u32, 1 => any::<u32>()];
    let figures = (number(), number(), any::<u32>(), any::<u32>());
    (plan(), vec(size, 0..4), figures, vec(curve, 0..3), vec(words(), 0..2))
        .prop_map(|(plan, sizes, (for_ms, warmup_ms, repeat, further), curves, left_out)| SweepPlan {
            plan,
            sizes,
            for_ms,
            warmup_ms,
            repeat,
            further,
            curves,
            left_out,
        })
        .boxed()
}

fn measured() -> BoxedStrategy<Measured> {
    let counts = [number(), number(), number(), number()];
    let optional = (option::of(number()), option::of(number()), option::of(real()));
    let figures = (counts, buckets(), buckets(), real(), optional).prop_map(
        |([active_ns, submitted, completed, failed], queue_wait, service, in_system, (cpu_ns, run_queue_ns, load))| {
            SweepFigures {
                active_ns,
                submitted,
                completed,
                failed,
                queue_wait,
                service,
                cpu_ns,
                run_queue_ns,
                in_system,
                load_per_s: load,
            }
        },
    );
    (sweep_place(), number(), option::of(figures), option::of(words()))
        .prop_map(|(place, took_ns, figures, trouble)| Measured {
            place,
            took_ns,
            figures: figures.map(Box::new),
            trouble,
        })
        .boxed()
}

fn body() -> BoxedStrategy<Body> {
    let name = (words(), lock_kind()).prop_map(|(name, lock)| LockName { name, lock });
    let hello = (any::<u32>(), vec(name, 0..3), real(), number(), any::<bool>()).prop_map(
        |(pid, locks, event_ns, startup_ns, own_session)| {
            Body::Hello(Hello { pid, locks, cost: Cost { event_ns }, startup_ns, own_session })
        },
    );
    let system = (number(), vec((any::<u32>(), real()), 0..4), option::of(number()), option::of(number())).prop_map(
        |(window_ns, cores, own_cpu_ns, throttled)| {
            Body::System(SystemTick { window_ns, cores, own_cpu_ns, throttled })
        },
    );
    let cores = || vec((any::<u32>(), real()), 0..4);
    let run_so_far = (number(), cores(), number(), cores(), number(), number()).prop_map(
        |(window_ns, cores, all_ns, busy_ns, odd_frames, missed_frames)| RunSoFar {
            system: SystemTick { window_ns, cores, ..SystemTick::default() },
            window_ns: all_ns,
            busy_ns,
            odd_frames,
            missed_frames,
        },
    );
    let flight = vec((any::<u32>(), number(), prop_oneof![0..12u8, any::<u8>()], any::<u64>()), 0..20);
    prop_oneof![
        1 => plan().prop_map(|plan| Body::Plan(Box::new(plan))),
        2 => hello,
        6 => tick().prop_map(|tick| Body::Tick(Box::new(tick))),
        1 => system,
        1 => (option::of(lane_id()), any::<bool>()).prop_map(|(running, halted)| Body::Turn(Turn { running, halted })),
        1 => (exit(), any::<bool>(), words()).prop_map(|(exit, expected, stderr)| Body::Gone(Gone { exit, expected, stderr })),
        1 => flight.prop_map(|events| Body::Flight { events }),
        1 => words().prop_map(|why| Body::Unreadable { why }),
        1 => words().prop_map(|why| Body::RecordingFailed { why }),
        1 => number().prop_map(|frames| Body::Missed { frames }),
        2 => so_far().prop_map(|so_far| Body::SoFar(Box::new(so_far))),
        1 => run_so_far.prop_map(|so_far| Body::RunSoFar(Box::new(so_far))),
        1 => Just(Body::End),
        1 => sweep_plan().prop_map(|plan| Body::Sweep(Box::new(plan))),
        1 => sweep_place().prop_map(Body::Measuring),
        1 => vec(sweep_place(), 0..4).prop_map(|places| Body::Further(Further { places })),
        2 => measured().prop_map(|measured| Body::Measured(Box::new(measured))),
    ]
    .boxed()
}

fn frame() -> BoxedStrategy<Frame> {
    (option::of(lane_id()), number(), body()).prop_map(|(lane, at_ns, body)| Frame { lane, at_ns, body }).boxed()
}

fn order() -> BoxedStrategy<Order> {
    prop_oneof![
        (lane_plan(), number(), number(), any::<bool>()).prop_map(|(plan, start_ns, tick_ms, paused)| Order::Start {
            plan: Box::new(plan),
            start_ns,
            tick_ms,
            paused
        }),
        select(vec![Order::Pause, Order::Halt, Order::Resume, Order::Flight, Order::Finish]),
        any::<u32>().prop_map(|workers| Order::Resize { workers }),
        worker_id().prop_map(|worker| Order::Kill { worker }),
        worker_id().prop_map(|worker| Order::Crash { worker }),
        real().prop_map(|per_s| Order::Rate { per_s }),
        number().prop_map(|bytes| Order::Payload { bytes }),
    ]
    .boxed()
}

/// What a bad disk, a bad cable or a bad programmer does to a line.
#[derive(Clone, Debug)]
enum Harm {
    Flip(usize, u8),
    Cut(usize),
    Remove(usize, usize),
    Double(usize, usize),
    Insert(usize, Vec<u8>),
}

fn harm() -> BoxedStrategy<Harm> {
    let grammar: Vec<Vec<u8>> = [
        "null",
        "-1",
        "1e999",
        "18446744073709551616",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        "\\u001b",
        "\u{1b}[2J",
        "true",
        "0.5",
        "\0",
        "\\ud800",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, bits)| Harm::Flip(at, bits)),
        any::<usize>().prop_map(Harm::Cut),
        (any::<usize>(), 1..40usize).prop_map(|(at, length)| Harm::Remove(at, length)),
        (any::<usize>(), 1..40usize).prop_map(|(at, length)| Harm::Double(at, length)),
        (any::<usize>(), select(grammar)).prop_map(|(at, what)| Harm::Insert(at, what)),
        (any::<usize>(), vec(any::<u8>(), 1..8)).prop_map(|(at, what)| Harm::Insert(at, what)),
    ]
    .boxed()
}

fn harmed(line: &str, harms: &[Harm]) -> Vec<u8> {
    let mut bytes = line.as_bytes().to_vec();
    for harm in harms {
        let place = |at: &usize| at % (bytes.len() + 1);
        match harm {
            Harm::Flip(at, bits) => {
                let at = place(at);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bits;
                }
            }
            Harm::Cut(at) => bytes.truncate(place(at)),
            Harm::Remove(at, length) => {
                let at = place(at);
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            Harm::Double(at, length) => {
                let at = place(at);
                let part = bytes[at..(at + length).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
            Harm::Insert(at, what) => {
                let at = place(at);
                bytes.splice(at..at, what.iter().copied());
            }
        }
    }
    bytes
}

// ── what must hold ─────────────────────────────────────────────────────────────────────────────────────────────────────

/// Everything that is made of a ledger, and what it may hold: no byte that a terminal would obey.
fn told_of(ledger: &Ledger) -> Result<(), TestCaseError> {
    let findings = ledger.findings();
    prop_assert!(findings.len() <= 100, "{} findings", findings.len());
    let _ = (report::chrome_trace(ledger), ledger.cores_by_lane());
    for lane in ledger.lanes() {
        let _ = (spans(&lane.flight), lane.waits_now().count());
        prop_assert!(lane.locks.iter().all(|lock| lock.blockers().len() <= 16));
    }
    let mut later = Ledger::new();
    for frame in ledger.so_far() {
        let line = encode_frame(&frame);
        later.post(&decode_frame(line.as_bytes()).map_err(|error| TestCaseError::fail(format!("{error}: {line}")))?);
    }
    prop_assert_eq!(later.lanes().len(), ledger.lanes().len());
    let Some(summary) = report::Summary::of(ledger) else { return Ok(()) };
    let verdicts = report::verdicts(ledger, &summary);
    let text = report::text(&summary, &verdicts);
    let obeyed = text.chars().find(|letter| letter.is_control() && *letter != '\n');
    prop_assert!(obeyed.is_none(), "{obeyed:?} in the text report");
    let csv = report::csv(&summary);
    let obeyed = csv.chars().find(|letter| letter.is_control() && *letter != '\n');
    prop_assert!(obeyed.is_none(), "{obeyed:?} in the CSV report");
    for json in [report::json(&summary), report::json_line(&summary)] {
        let value: serde_json::Value =
            serde_json::from_str(&json).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(value.get("lanes").is_some(), "{json}");
        let obeyed = json.chars().find(|letter| letter.is_control() && *letter != '\n');
        prop_assert!(obeyed.is_none(), "{obeyed:?} in the JSON report");
    }
    Ok(())
}

/// The screen of the same frames, at a few sizes: no panic, and no cell that a terminal would obey.
fn shown_of(frames: &[Frame]) -> Result<(), TestCaseError> {
    let mut model = Model::new(Setting::default());
    for frame in frames {
        let _ = update(&mut model, Message::Frame(Box::new(frame.clone())));
    }
    for (columns, rows) in [(1, 1), (40, 12), (80, 24), (200, 60)] {
        let screen = draw_to_text(&model, columns, rows);
        let obeyed = screen.chars().find(|letter| letter.is_control() && *letter != '\n');
        prop_assert!(obeyed.is_none(), "{obeyed:?} on the screen");
    }
    Ok(())
}

/// A run of frames as they would have to come, then harmed: the plan first, so that the rest finds lanes to tell of.
fn run_of_frames() -> BoxedStrategy<Vec<Frame>> {
    let first = (plan(), vec(lane_plan(), 1..4)).prop_map(|(plan, mut lanes)| {
        lanes.iter_mut().enumerate().for_each(|(index, lane)| lane.id = LaneId::of_index(index));
        Frame { lane: None, at_ns: 0, body: Body::Plan(Box::new(Plan { lanes, ..plan })) }
    });
    (first, vec(frame(), 0..30)).prop_map(|(first, rest)| std::iter::once(first).chain(rest).collect()).boxed()
}

/// A sweep that would have to come like that, then harmed.
fn sweep_of_frames() -> BoxedStrategy<Vec<Frame>> {
    let at = |body| Frame { lane: None, at_ns: 5, body };
    let one = prop_oneof![
        4 => measured().prop_map(move |measured| at(Body::Measured(Box::new(measured)))),
        1 => sweep_place().prop_map(move |place| at(Body::Measuring(place))),
        1 => vec(sweep_place(), 0..4).prop_map(move |places| at(Body::Further(Further { places }))),
        1 => frame(),
    ];
    (sweep_plan(), vec(one, 0..30))
        .prop_map(move |(plan, rest)| std::iter::once(at(Body::Sweep(Box::new(plan)))).chain(rest).collect())
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_an_error_or_a_word_and_never_a_panic(bytes in vec(any::<u8>(), 0..300)) {
        let _ = (decode_frame(&bytes), decode_order(&bytes));
    }

    #[test]
    fn a_harmed_line_is_an_error_or_a_word_and_never_a_panic(
        frame in frame(), order in order(), harms in vec(harm(), 1..4)
    ) {
        for bytes in [harmed(&encode_frame(&frame), &harms), harmed(&encode_order(&order), &harms)] {
            match decode_frame(&bytes) {
                Err(DecodeError::Malformed { column, .. }) => prop_assert!(column >= 1),
                Err(DecodeError::Version { theirs }) => prop_assert_ne!(theirs, 1),
                // What is read can be written, and read again as the same.
                Ok(frame) => prop_assert_eq!(decode_frame(encode_frame(&frame).as_bytes()), Ok(frame)),
            }
            let _ = decode_order(&bytes);
        }
    }

    #[test]
    fn frames_come_back_as_they_were(frame in frame()) {
        let line = encode_frame(&frame);
        prop_assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "one line: {line}");
        prop_assert!(!line.chars().any(|letter| letter.is_ascii_control() && letter != '\n'), "{line:?}");
        prop_assert_eq!(decode_frame(line.as_bytes()), Ok(frame));
    }

    #[test]
    fn orders_come_back_as_they_were(order in order()) {
        let line = encode_order(&order);
        prop_assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "one line: {line}");
        prop_assert_eq!(decode_order(line.as_bytes()), Ok(order));
    }

    #[test]
    fn another_version_is_told_from_nonsense(frame in frame(), version in 2..u64::MAX) {
        let line = encode_frame(&frame).replacen("\"v\":1", &format!("\"v\":{version},\"news\":[{{}}]"), 1);
        prop_assert_eq!(decode_frame(line.as_bytes()), Err(DecodeError::Version { theirs: version }));
    }

    #[test]
    fn the_ledger_takes_whatever_comes_and_what_is_told_of_it_is_clean(frames in run_of_frames()) {
        let mut ledger = Ledger::new();
        for frame in &frames {
            ledger.post(frame);
        }
        told_of(&ledger)?;
        shown_of(&frames)?;
        prop_assert_eq!(ledger.frames(), frames.len() as u64);
    }

    #[test]
    fn a_sweep_takes_whatever_comes_and_what_is_told_of_it_is_clean(frames in sweep_of_frames()) {
        let mut ledger = Ledger::new();
        frames.iter().for_each(|frame| ledger.post(frame));
        let mut later = Ledger::new();
        ledger.so_far().iter().for_each(|frame| later.post(frame));
        prop_assert_eq!(later.sweep(), ledger.sweep());
        if let Some(summary) = report::SweepSummary::of(&ledger) {
            for text in [report::sweep_text(&summary), report::json(&summary), report::sweep_csv(&summary)] {
                let obeyed = text.chars().find(|letter| letter.is_control() && *letter != '\n');
                prop_assert!(obeyed.is_none(), "{obeyed:?} in a report");
            }
        }
        shown_of(&frames)?;
    }

    #[test]
    fn frames_without_a_plan_are_counted_and_change_nothing(frames in vec(frame(), 0..20)) {
        let mut ledger = Ledger::new();
        for frame in frames.iter().filter(|frame| !matches!(frame.body, Body::Plan(_) | Body::Sweep(_))) {
            ledger.post(frame);
        }
        prop_assert!(ledger.plan().is_none() && ledger.lanes().is_empty());
        told_of(&ledger)?;
    }
}

#[test]
fn nonsense_that_chance_would_not_find() {
    let deep = format!("{{\"v\":1,\"at_ns\":0,\"kind\":{}", "[".repeat(200_000));
    let wide = format!("{{\"v\":1,\"at_ns\":0,\"kind\":\"{}\"}}", "x".repeat(1 << 20));
    let lines: [&[u8]; 12] = [
        b"",
        b"\n",
        b"null",
        b"1",
        b"{}",
        b"{\"v\":-1}",
        b"{\"v\":1.5}",
        b"{\"v\":1,\"v\":2,\"at_ns\":0,\"kind\":\"end\"}",
        b"{\"v\":1,\"at_ns\":1e30,\"kind\":\"end\"}",
        b"{\"v\":1,\"at_ns\":0,\"kind\":\"end\"} {\"v\":1,\"at_ns\":0,\"kind\":\"end\"}",
        deep.as_bytes(),
        wide.as_bytes(),
    ];
    for line in lines {
        let shown = String::from_utf8_lossy(&line[..line.len().min(60)]);
        assert!(decode_frame(line).is_err(), "{shown}");
        assert!(decode_order(line).is_err(), "{shown}");
    }
}
