//! Programs that are known elsewhere: the worked examples of the specification, and those of `assets/programs` that can
//! be said in the enumerator's small language.

use super::machine::Rules;
use super::program::*;

const LOCK: (Name, Made) = ("lock", Made::Lock);

/// As many threads with as many increments each.
pub(crate) fn counter(threads: usize, increments: usize) -> Program {
    Program::alike(&[("counter", Made::Int(0))], &vec![None; threads], vec![add("counter", int(1)); increments])
}

/// The same, each increment under one lock.
pub(crate) fn locked_counter(threads: usize, increments: usize) -> Program {
    let one = with("lock", vec![add("counter", int(1))]);
    Program::alike(&[("counter", Made::Int(0)), LOCK], &vec![None; threads], vec![one; increments])
}

const FORKS: [Name; 4] = ["fork0", "fork1", "fork2", "fork3"];

fn both(first: Name, second: Name) -> Vec<Stmt> {
    vec![with(first, vec![with(second, vec![Stmt::Pass])])]
}

pub(crate) fn ab_ba() -> Program {
    let locks = [("left", Made::Lock), ("right", Made::Lock)];
    Program::threads(&locks, &[both("left", "right"), both("right", "left")])
}

/// That many philosophers, once each.
pub(crate) fn philosophers(count: usize) -> Program {
    let forks: Vec<_> = FORKS[..count].iter().map(|fork| (*fork, Made::Lock)).collect();
    let bodies: Vec<_> = (0..count).map(|seat| both(FORKS[seat], FORKS[(seat + 1) % count])).collect();
    Program::threads(&forks, &bodies)
}

pub(crate) fn lost_wakeup() -> Program {
    let sleeper = vec![when(not(get("ready")), vec![with("cv", vec![Stmt::Wait("cv")])])];
    let waker = vec![set("ready", Expr::Bool(true)), with("cv", vec![Stmt::Notify("cv", 1)])];
    Program::threads(&[("ready", Made::Bool(false)), ("cv", Made::Condition(None))], &[sleeper, waker])
}

pub(crate) fn lost_wakeup_locked(looped: bool) -> Program {
    let wait = vec![Stmt::Wait("cv")];
    let test = not(get("ready"));
    let sleeper = vec![with("cv", vec![if looped { Stmt::While(test, wait) } else { when(test, wait) }])];
    let waker = vec![with("cv", vec![set("ready", Expr::Bool(true)), Stmt::Notify("cv", 1)])];
    Program::threads(&[("ready", Made::Bool(false)), ("cv", Made::Condition(None))], &[sleeper, waker])
}

/// Main adds too, between `start` and `join`.
pub(crate) fn main_adds() -> Program {
    let mut program = Program::new(&[("x", Made::Int(0))]);
    let function = program.function(vec![add("x", int(1))]);
    program.thread(function, None);
    program.main = vec![Stmt::Start("A"), add("x", int(1)), Stmt::Join("A")];
    program
}

/// Main sets a flag and counts, while the thread looks and counts.
pub(crate) fn main_counts() -> Program {
    let mut program = Program::new(&[("done", Made::Bool(false)), ("count", Made::Int(0))]);
    let function = program.function(vec![when(not(get("done")), vec![add("count", int(1))])]);
    program.thread(function, None);
    program.main = vec![
        Stmt::Start("A"),
        set("done", Expr::Bool(true)),
        set("count", binary("+", get("count"), int(10))),
        Stmt::Join("A"),
    ];
    program
}

/// `z` is written by at most one of them in any schedule, and so is not shared.
pub(crate) fn one_writer() -> Program {
    let body = |mine, other| vec![set(mine, int(1)), when(compare("==", get(other), int(0)), vec![add("z", int(1))])];
    let globals = [("p", Made::Int(0)), ("q", Made::Int(0)), ("z", Made::Int(0))];
    Program::threads(&globals, &[body("p", "q"), body("q", "p")])
}

/// A list that only one thread touches, while another prints twice.
pub(crate) fn appends_and_prints() -> Program {
    let appends = vec![Stmt::Append("items", int(1)), Stmt::Append("items", int(2))];
    let prints = vec![Stmt::Print(int(1)), Stmt::Print(int(2))];
    Program::threads(&[("items", Made::List(Vec::new()))], &[appends, prints])
}

pub(crate) fn store_buffering(fenced: bool) -> Program {
    let body = |mine, other, seen| {
        let mut body = vec![set(mine, int(1)), set(seen, get(other))];
        if fenced {
            body.insert(1, Stmt::Fence);
        }
        body
    };
    let zero = |name| (name, Made::Int(0));
    Program::threads(&["x", "y", "r1", "r2"].map(zero), &[body("x", "y", "r1"), body("y", "x", "r2")])
}

fn message_passing() -> Program {
    let send = vec![set("data", int(1)), set("flag", int(1))];
    let receive = vec![set("seen_flag", get("flag")), set("seen_data", get("data"))];
    Program::threads(&["data", "flag", "seen_flag", "seen_data"].map(|name| (name, Made::Int(0))), &[send, receive])
}

fn torn_pair(locked: bool) -> Program {
    let mut write = vec![set("x", int(1)), set("y", int(1))];
    let mut look = vec![set("seen", binary("-", get("x"), get("y")))];
    if locked {
        (write, look) = (vec![with("lock", write)], vec![with("lock", look)]);
    }
    let globals = [("x", Made::Int(0)), ("y", Made::Int(0)), ("seen", Made::Int(0)), LOCK];
    Program::threads(&globals, &[write, look])
}

fn use_before_init(how: &str) -> Program {
    let (mut produce, mut consume) =
        (vec![set("value", int(42))], vec![Stmt::Assert(compare("==", get("value"), int(42)))]);
    match how {
        "locked" => (produce, consume) = (vec![with("lock", produce)], vec![with("lock", consume)]),
        "event" => {
            produce.push(Stmt::Set("made"));
            consume.insert(0, Stmt::WaitSet("made"));
        }
        _ => {}
    }
    Program::threads(&[("value", Made::Int(0)), LOCK, ("made", Made::Event)], &[produce, consume])
}

fn overdraft(how: &str) -> Program {
    let globals = [("balance", Made::Int(100)), LOCK];
    let enough = compare(">=", get("balance"), local("n"));
    let take = Stmt::AddGlobal("balance", "-", local("n"));
    let body = match how {
        "locked" => vec![with("lock", vec![when(enough, vec![take])])],
        "apart" => vec![
            with("lock", vec![Stmt::SetLocal("enough", enough)]),
            when(local("enough"), vec![with("lock", vec![take])]),
        ],
        _ => vec![when(enough, vec![take])],
    };
    Program::alike(&globals, &[Some(80), Some(80)], body)
}

fn lazy_init(checks: usize) -> Program {
    let build = vec![add("builds", int(1)), set("built", Expr::Bool(true))];
    let missing = || not(get("built"));
    let body = match checks {
        0 => build,
        1 => vec![with("lock", build)],
        _ => vec![with("lock", vec![when(missing(), build)])],
    };
    let globals = [("built", Made::Bool(false)), ("builds", Made::Int(0)), LOCK];
    Program::alike(&globals, &[None, None], vec![when(missing(), body)])
}

fn flag_guard(exchanged: bool) -> Program {
    let inside = vec![
        add("inside", int(1)),
        Stmt::Assert(compare("==", get("inside"), int(1))),
        Stmt::AddGlobal("inside", "-", int(1)),
    ];
    let mut body = inside;
    let (made, test) = match exchanged {
        true => {
            body.push(Stmt::StoreAtomic("busy", int(0)));
            (Made::Atomic(0), Expr::CompareExchange("busy", Box::new(int(0)), Box::new(int(1))))
        }
        false => {
            body.insert(0, set("busy", Expr::Bool(true)));
            body.push(set("busy", Expr::Bool(false)));
            (Made::Bool(false), not(get("busy")))
        }
    };
    Program::alike(&[("busy", made), ("inside", Made::Int(0))], &[None, None], vec![when(test, body)])
}

fn atomic_counter(body: Vec<Stmt>) -> Program {
    let mut program = Program::alike(&[("counter", Made::Atomic(0)), ("total", Made::Int(0))], &[None, None], body);
    program.main.push(set("total", Expr::Load("counter")));
    program
}

fn exchange_loop() -> Vec<Stmt> {
    let before = Box::new(local("before"));
    let after = Box::new(binary("+", local("before"), int(1)));
    vec![Stmt::While(
        Expr::Bool(true),
        vec![
            Stmt::SetLocal("before", Expr::Load("counter")),
            when(Expr::CompareExchange("counter", before, after), vec![Stmt::Break]),
        ],
    )]
}

fn aba(values: [i64; 2]) -> Program {
    let take = vec![
        Stmt::SetLocal("before", Expr::Load("top")),
        set("exchanged", Expr::CompareExchange("top", Box::new(local("before")), Box::new(int(9)))),
    ];
    let replace = values.map(|value| Stmt::StoreAtomic("top", int(value))).to_vec();
    let globals = [("top", Made::Atomic(1)), ("exchanged", Made::Bool(false)), ("top_now", Made::Int(0))];
    let mut program = Program::threads(&globals, &[take, replace]);
    program.main.push(set("top_now", Expr::Load("top")));
    program
}

fn consumers(looped: bool) -> Program {
    let test = compare("==", Expr::Len("items"), int(0));
    let wait = vec![Stmt::Wait("changed")];
    let wait = if looped { Stmt::While(test, wait) } else { when(test, wait) };
    let consume = vec![with("changed", vec![wait, Stmt::Do(Expr::Pop("items"))])];
    let one = vec![Stmt::Append("items", local("i")), Stmt::Notify("changed", 1)];
    let produce = vec![times(2, vec![with("changed", one)])];
    let globals = [("items", Made::List(Vec::new())), ("changed", Made::Condition(None))];
    let mut program = Program::new(&globals);
    let (consumer, producer) = (program.function(consume), program.function(produce));
    for function in [consumer, consumer, producer] {
        program.thread(function, None);
    }
    program.start_and_join();
    program
}

fn spurious_wakeup() -> Program {
    let consume =
        vec![with("changed", vec![when(not(get("ready")), vec![Stmt::Wait("changed")]), Stmt::Assert(get("ready"))])];
    let produce = vec![with("changed", vec![set("ready", Expr::Bool(true)), Stmt::Notify("changed", 1)])];
    Program::threads(&[("ready", Made::Bool(false)), ("changed", Made::Condition(None))], &[consume, produce])
}

fn ab_ba_tried() -> Program {
    let body = |first, second, place| {
        let got = vec![Stmt::SetItem("done", int(place), int(1)), Stmt::Release(second)];
        vec![with(first, vec![when(Expr::Try(second), got)])]
    };
    let globals = [("left", Made::Lock), ("right", Made::Lock), ("done", Made::List(vec![0, 0]))];
    Program::threads(&globals, &[body("left", "right", 0), body("right", "left", 1)])
}

fn ab_ba_in_turn() -> Program {
    let mut program = ab_ba();
    program.main = vec![Stmt::Start("A"), Stmt::Join("A"), Stmt::Start("B"), Stmt::Join("B")];
    program
}

fn self_deadlock(lock: Made) -> Program {
    let body = vec![with("lock", vec![with("lock", vec![Stmt::Append("items", int(1))])])];
    Program::threads(&[("lock", lock), ("items", Made::List(Vec::new()))], &[body])
}

fn philosophers_ordered() -> Program {
    let forks = FORKS.map(|fork| (fork, Made::Lock));
    Program::threads(&forks[..3], &[both("fork0", "fork1"), both("fork1", "fork2"), both("fork0", "fork2")])
}

fn philosophers_waiter() -> Program {
    let mut forks = FORKS.map(|fork| (fork, Made::Lock));
    forks[3] = ("waiter", Made::Semaphore(2));
    let bodies = [0, 1, 2].map(|seat| vec![with("waiter", both(FORKS[seat], FORKS[(seat + 1) % 3]))]);
    Program::threads(&forks, &bodies)
}

fn two_kinds(all: bool) -> Program {
    let notify = || if all { Stmt::NotifyAll("changed") } else { Stmt::Notify("changed", 1) };
    let wait = |test| Stmt::While(test, vec![Stmt::Wait("changed")]);
    let put = vec![with("changed", vec![wait(get("full")), set("full", Expr::Bool(true)), notify()])];
    let take = vec![with("changed", vec![wait(not(get("full"))), set("full", Expr::Bool(false)), notify()])];
    let mut program = Program::new(&[("full", Made::Bool(false)), ("changed", Made::Condition(None))]);
    let (put, take) = (program.function(put), program.function(take));
    for function in [put, put, take, take] {
        program.thread(function, None);
    }
    program.start_and_join();
    program
}

fn bounded_buffer(ordered: bool) -> Program {
    let produce = vec![with("lock", vec![Stmt::Append("items", int(1)), Stmt::Release("filled")])];
    let pop = Stmt::Do(Expr::Pop("items"));
    let consume = match ordered {
        true => vec![Stmt::Acquire("filled"), with("lock", vec![pop])],
        false => vec![with("lock", vec![Stmt::Acquire("filled"), pop])],
    };
    let globals = [("items", Made::List(Vec::new())), LOCK, ("filled", Made::Semaphore(0))];
    Program::threads(&globals, &[produce, consume])
}

fn bounded_queue() -> Program {
    let produce = vec![Stmt::Put("line", int(1)), Stmt::Put("line", int(2))];
    let consume = vec![times(2, vec![Stmt::Print(Expr::Get("line"))])];
    Program::threads(&[("line", Made::Queue(1))], &[produce, consume])
}

fn forgotten_release() -> Program {
    let body =
        vec![Stmt::Acquire("lock"), when(compare("<", local("n"), int(0)), vec![Stmt::Return]), Stmt::Release("lock")];
    Program::alike(&[LOCK], &[Some(-1), Some(-2)], body)
}

fn barrier() -> Program {
    let body =
        |mine, other| vec![set(mine, int(1)), Stmt::Meet("meeting"), Stmt::Assert(compare("==", get(other), int(1)))];
    let globals = [("first", Made::Int(0)), ("second", Made::Int(0)), ("meeting", Made::Barrier(2))];
    Program::threads(&globals, &[body("first", "second"), body("second", "first")])
}

fn wrong_lock() -> Program {
    let body = |lock| vec![with(lock, vec![add("counter", int(1))])];
    let globals = [("counter", Made::Int(0)), ("left", Made::Lock), ("right", Made::Lock)];
    Program::threads(&globals, &[body("left"), body("right")])
}

fn join_first() -> Program {
    let mut program = main_adds();
    program.main.swap(1, 2);
    program
}

fn merged() -> Program {
    let zero = |name| (name, Made::Int(0));
    let mut program = Program::threads(
        &["first", "second", "total"].map(zero),
        &[vec![add("first", int(1))], vec![add("second", int(1))]],
    );
    program.main.push(set("total", binary("+", get("first"), get("second"))));
    program
}

/// Programs of `assets/programs` by their file's name, as the enumerator has them.
pub(crate) fn assets() -> Vec<(&'static str, Program)> {
    let store = |value| Stmt::StoreAtomic("counter", value);
    let load_store = vec![Stmt::SetLocal("before", Expr::Load("counter")), store(binary("+", local("before"), int(1)))];
    vec![
        ("lost-update", counter(2, 1)),
        ("lost-update-load-store", atomic_counter(load_store)),
        ("lost-update-locked", locked_counter(2, 1)),
        ("lost-update-added", atomic_counter(vec![Stmt::AddAtomic("counter", int(1))])),
        ("lost-update-exchanged", atomic_counter(exchange_loop())),
        ("lost-update-merged", merged()),
        ("overdraft", overdraft("")),
        ("overdraft-locked-apart", overdraft("apart")),
        ("overdraft-locked", overdraft("locked")),
        ("wrong-lock", wrong_lock()),
        ("flag-guard", flag_guard(false)),
        ("flag-guard-exchanged", flag_guard(true)),
        ("use-before-init", use_before_init("")),
        ("use-before-init-locked", use_before_init("locked")),
        ("use-before-init-event", use_before_init("event")),
        ("lazy-init-twice", lazy_init(0)),
        ("lazy-init-twice-checked-once", lazy_init(1)),
        ("lazy-init-twice-checked-twice", lazy_init(2)),
        ("torn-pair", torn_pair(false)),
        ("torn-pair-locked", torn_pair(true)),
        ("if-not-while", consumers(false)),
        ("if-not-while-looped", consumers(true)),
        ("spurious-wakeup", spurious_wakeup()),
        ("aba", aba([2, 1])),
        ("aba-tagged", aba([102, 201])),
        ("ab-ba", ab_ba()),
        (
            "ab-ba-ordered",
            Program::alike(&[("left", Made::Lock), ("right", Made::Lock)], &[None; 2], both("left", "right")),
        ),
        ("ab-ba-tried", ab_ba_tried()),
        ("ab-ba-in-turn", ab_ba_in_turn()),
        ("self-deadlock", self_deadlock(Made::Lock)),
        ("self-deadlock-reentrant", self_deadlock(Made::RLock)),
        ("philosophers", philosophers(3)),
        ("philosophers-ordered", philosophers_ordered()),
        ("philosophers-waiter", philosophers_waiter()),
        ("lost-wakeup", lost_wakeup()),
        ("lost-wakeup-locked", lost_wakeup_locked(true)),
        ("notify-one-of-two-kinds", two_kinds(false)),
        ("notify-all-of-two-kinds", two_kinds(true)),
        ("bounded-buffer", bounded_buffer(false)),
        ("bounded-buffer-ordered", bounded_buffer(true)),
        ("bounded-queue", bounded_queue()),
        ("lock-not-released", forgotten_release()),
        ("barrier", barrier()),
        ("join-too-late", main_adds()),
        ("join-first", join_first()),
        ("store-buffering", store_buffering(false)),
        ("store-buffering-fenced", store_buffering(true)),
        ("message-passing", message_passing()),
    ]
}

pub(crate) const TSO: Rules = Rules { statement: false, tso: true, fifo: false, thread_exceptions: false };
pub(crate) const STATEMENT: Rules = Rules { statement: true, tso: false, fifo: false, thread_exceptions: false };
