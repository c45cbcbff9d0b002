use super::super::resolve::any_machine;
use super::super::{DEFAULT, catalogue, parse};
use super::*;
use crate::wire::{Arrivals, LaneId, Order, PoolPlan, Size, WorkloadPlan};
use proptest::prelude::*;

fn machine(cores: u32) -> Machine {
    Machine { cores, core_ids: (0..cores).collect(), cores_online: cores, ..any_machine() }
}

fn draft(front: &str) -> Draft {
    let text = format!("+++\ntitle = \"A test\"\n{front}\n+++\n# A test\n");
    Draft::of(&parse("test", "test.md", &text).expect("a scenario"), &Overrides::default())
}

fn built_in(index: usize) -> Draft {
    let entry = catalogue()[index];
    Draft::of(&parse(entry.name, "built-in", entry.text).expect("a scenario"), &Overrides::default())
}

fn plan(draft: &Draft) -> Plan {
    draft.plan(&machine(4)).unwrap_or_else(|problems| panic!("{}\n{}", problems[0], draft.to_text()))
}

fn set(draft: &mut Draft, path: &str, text: &str) {
    draft.set(Some(0), path, text, &machine(4)).unwrap_or_else(|why| panic!("{path} = {text}: {why}"));
}

fn refused(draft: &mut Draft, path: &str, text: &str) -> String {
    let before = draft.clone();
    let why = draft.set(Some(0), path, text, &machine(4)).expect_err("refused");
    assert_eq!(*draft, before);
    why
}

fn value(draft: &Draft, path: &str) -> (String, String, bool) {
    let field = draft.fields(Some(0), &machine(4)).into_iter().find(|field| field.path == path);
    field.map(|field| (field.value, field.meaning, field.is_default)).unwrap_or_default()
}

/// The file that a draft makes, planned.
fn reread(draft: &Draft, machine: &Machine) -> Plan {
    let (name, text) = (&draft.scenario().name, draft.to_text());
    let scenario = parse(name, "saved", &text).unwrap_or_else(|problems| panic!("{}\n{text}", problems[0]));
    assert_eq!((&scenario.body, &scenario.notes), (&draft.scenario().body, &draft.scenario().notes));
    scenario.plan(machine, &Overrides::default()).unwrap_or_else(|problems| panic!("{}\n{text}", problems[0]))
}

#[test]
fn a_draft_of_each_scenario_says_what_the_scenario_says() {
    for (index, entry) in catalogue().iter().enumerate() {
        let mut draft = built_in(index);
        for cores in [1, 3, 96] {
            let machine = machine(cores);
            let plan = draft.plan(&machine).expect("a plan");
            assert_eq!(draft.scenario_of(&draft.now).plan(&machine, &Overrides::default()).as_ref(), Ok(&plan));
            assert_eq!(reread(&draft, &machine), plan, "{}", entry.name);
            let names: Vec<String> = (0..draft.lanes()).map(|lane| draft.lane_name(lane, &machine)).collect();
            assert_eq!(names, plan.lanes.iter().map(|lane| lane.name.clone()).collect::<Vec<_>>());
        }
        // What stands in the fields, typed again, changes nothing.
        for lane in std::iter::once(None).chain((0..draft.lanes()).map(Some)) {
            for field in draft.fields(lane, &machine(4)) {
                let is_unnamed = field.path == "name" && field.is_default;
                if !is_unnamed {
                    let done = draft.set(lane, &field.path, &field.value, &machine(4));
                    assert_eq!(done, Ok(()), "{}: {field:?}", entry.name);
                }
                assert!(field.choices.is_empty() != field.range.is_empty(), "{field:?}");
            }
        }
        assert!(!draft.is_edited(), "{}\n{}", entry.name, draft.to_text());
    }
}

#[test]
fn the_command_line_is_part_of_what_it_began_as() {
    let scenario = parse(DEFAULT, "built-in", catalogue()[0].text).expect("a scenario");
    let overrides =
        Overrides { seed: Some(3), tasks: Some(9), sets: vec!["lane.*.workers=2".into(), "mode=together".into()] };
    let mut draft = Draft::of(&scenario, &overrides);
    let first = scenario.plan(&machine(4), &overrides).expect("a plan");
    assert_eq!((plan(&draft), reread(&draft, &machine(4)), draft.is_edited()), (first.clone(), first, false));
    set(&mut draft, "tasks", "10");
    let now = plan(&draft);
    assert_eq!((now.seed, now.lanes[0].tasks, now.lanes[1].tasks, draft.is_edited()), (3, Some(10), Some(9), true));
    // What is wrong in it is told where it stands.
    let wrong = Draft::of(&scenario, &Overrides { sets: vec!["lane.1.wokers=2".into()], ..Overrides::default() });
    assert_eq!(wrong.plan(&machine(4)).expect_err("wrong")[0].origin, "--set 1");
}

#[test]
fn fields_tell_what_is_typed_and_what_it_comes_to() {
    let mut draft = draft("[[lane]]\nworkload = \"primes\"\nchunk = \"workers\"");
    let paths: Vec<String> = draft.fields(Some(0), &machine(4)).into_iter().map(|field| field.path).collect();
    assert_eq!(
        paths,
        [
            "name",
            "pool",
            "queue",
            "workers",
            "capacity",
            "when_full",
            "arrivals",
            "arrivals.outstanding",
            "chunk",
            "workload",
            "size",
            "size.units",
            "tasks",
            "cores",
            "pin",
            "nice",
            "telemetry",
        ]
    );
    let told = |value: &str, meaning: &str, is_default| (value.to_string(), meaning.to_string(), is_default);
    assert_eq!(value(&draft, "name"), told("4 threads", "", true));
    assert_eq!(value(&draft, "workers"), told("cores", "4", true));
    assert_eq!(value(&draft, "arrivals.outstanding"), told("4*workers+60", "76", true));
    assert_eq!(value(&draft, "chunk"), told("workers", "4", false));
    assert_eq!(value(&draft, "size.units"), told("50", "", true));
    assert_eq!(value(&draft, "capacity"), told("64", "", true));
    set(&mut draft, "capacity", "unbounded");
    assert_eq!(value(&draft, "capacity"), told("unbounded", "", false));
    set(&mut draft, "workers", "2*cores");
    assert_eq!(value(&draft, "workers"), told("2*cores", "8", false));
    set(&mut draft, "workers", "8");
    assert_eq!(value(&draft, "workers"), told("8", "", false));
    set(&mut draft, "name", "12");
    assert_eq!(plan(&draft).lanes[0].name, "12");
    let live: Vec<String> =
        draft.fields(Some(0), &machine(4)).into_iter().filter(|field| field.live).map(|field| field.path).collect();
    assert_eq!(live, ["workers"]);
    let run = draft.fields(None, &machine(4));
    assert_eq!(
        run.iter().map(|field| field.path.as_str()).collect::<Vec<_>>(),
        ["mode", "slice_ms", "tick_ms", "seed"]
    );
    assert_eq!((run[0].choices.len(), run[1].range.as_str(), run[1].step), (3, "20 to 60,000", Some((20.0, 60_000.0))));
    assert!(draft.fields(Some(1), &machine(4)).is_empty());
}

#[test]
fn another_kind_brings_its_own_keys_and_takes_the_old_ones_along() {
    let mut draft = draft(
        "[[lane]]\nqueue = \"mutex\"\nworkers = 3\nsize = 7\nworkload = { kind = \"counter\", lock = \"ticket\", way = \"sharded\" }",
    );
    // Locks that cannot work between processes give way to one that can.
    set(&mut draft, "pool", "processes");
    let lane = plan(&draft).lanes.remove(0);
    assert!(
        matches!(lane.pool, PoolPlan::Processes { .. })
            && lane.workers == 3
            && lane.size == Size::Constant { units: 7 }
    );
    assert_eq!(value(&draft, "workload.lock").0, "futex");
    assert_eq!(value(&draft, "workload.way").0, "sharded");
    let locks = draft.fields(Some(0), &machine(4)).into_iter().find(|field| field.path == "workload.lock");
    assert_eq!(
        locks.expect("a lock").choices.iter().map(|(lock, _)| *lock).collect::<Vec<_>>(),
        ["spin", "semaphore", "futex"]
    );
    assert!(refused(&mut draft, "workload.lock", "std").contains("works within one process only: use `futex`"));
    set(&mut draft, "payload_bytes", "9");
    set(&mut draft, "pool", "single");
    assert_eq!((plan(&draft).lanes[0].workers, value(&draft, "payload_bytes").0.as_str()), (1, ""));
    assert!(refused(&mut draft, "payload_bytes", "3").contains("make this pool `processes` first"));
    assert!(refused(&mut draft, "workers", "3").contains("single"));
    set(&mut draft, "pool", "threads");
    assert_eq!((plan(&draft).lanes[0].workers, value(&draft, "queue").0.as_str()), (4, "channel"));
    // Another workload's unit is another.
    set(&mut draft, "workload", "sleep");
    assert_eq!(plan(&draft).lanes[0].size, Size::Constant { units: 10 });
    set(&mut draft, "arrivals", "open");
    assert!(matches!(plan(&draft).lanes[0].arrivals, Arrivals::Open { rate_per_s: 2000.0, .. }));
    set(&mut draft, "arrivals.rate_per_s", "12.5");
    let fields = draft.fields(Some(0), &machine(4));
    assert!(fields.iter().any(|field| field.path == "arrivals.rate_per_s" && field.live));
    for kind in ["burst", "closed", "open", "closed"] {
        set(&mut draft, "arrivals", kind);
    }
    for kind in ["uniform", "exponential", "pareto", "bimodal", "constant"] {
        set(&mut draft, "size", kind);
    }
    assert_eq!(plan(&draft).lanes[0].size, Size::Constant { units: 10 }, "the mean stays");
    set(&mut draft, "pool", "stealing");
    let fields = draft.fields(Some(0), &machine(4));
    let when_full = fields.iter().find(|field| field.path == "when_full").expect("one");
    assert!(when_full.choices.iter().all(|(word, _)| *word != "discard-oldest"));
}

#[test]
fn what_is_wrong_is_refused_in_one_sentence() {
    let mut draft = draft("[[lane]]\nworkload = \"primes\"");
    for (path, text, why) in [
        ("workers", "0", "`workers` cannot be 0: it must be an integer from 1 to 1,024, or a text like \"2*cores\""),
        ("workers", "many", "`many` is no amount: an amount is an integer or, as a text, like \"2*cores\""),
        ("wokers", "3", "there is no parameter `wokers`: did you mean `workers`?"),
        ("pool", "thread", "unknown `pool` `thread`: did you mean `threads`?"),
        ("arrivals", "opn", "unknown `arrivals` `opn`: did you mean `open`?"),
        ("size.unit", "3", "there is no parameter `size.unit`: did you mean `units`?"),
        ("chunk", "100", "a chunk of 100 never fits into a queue of 64: raise `capacity`, or lower `chunk`"),
        ("name", "\u{1b}[2J", "`name` holds the control character U+001B: use printable text on one line"),
        ("name", "", "`name` has 0 characters: use 1 to 40 characters"),
        (
            "pin.x",
            "1",
            "there is no parameter `pin.x`: known here: name, pool, queue, workers, capacity, when_full, arrivals, chunk, workload, size, tasks, cores, pin, nice, telemetry",
        ),
    ] {
        assert_eq!(refused(&mut draft, path, text), why);
    }
    let machine = machine(4);
    let unset = draft.unset(Some(0), "workload", &machine).expect_err("needed");
    assert_eq!(unset, "`workload` has no value of its own: choose one (what a task does)");
    assert!(draft.set(Some(1), "workers", "1", &machine).expect_err("no lane").contains("no lane 2"));
    assert!(draft.set(None, "workers", "1", &machine).expect_err("no key of the run").contains("no parameter"));
    draft.set(None, "mode", "together", &machine).expect("a mode");
    assert!(draft.is_edited());
    draft.unset(None, "mode", &machine).expect("no mode");
    set(&mut draft, "size.units", "9");
    draft.unset(Some(0), "size.units", &machine).expect("its own size");
    set(&mut draft, "workers", "9");
    set(&mut draft, "workers", "cores");
    assert!(!draft.is_edited());
}

#[test]
fn lanes_come_and_go_and_statements_follow_them() {
    let machine = machine(4);
    let mut draft = draft(
        "[[lane]]\nname = \"a\"\nworkload = \"sleep\"\nsize = 3\n[[lane]]\npool = \"single\"\nworkload = \"hash\"\n\
         [expect]\nholds = [\"lanes.1.tasks.lost == 0\", \"lanes.2.workers <= lanes.1.workers\", \"lanes.2 conserved\"]",
    );
    assert_eq!(draft.copy_lane(0, &machine), Ok(1));
    assert_eq!(draft.lane_name(1, &machine), "a (2)");
    assert_eq!(
        plan(&draft).expect,
        ["lanes.1.tasks.lost == 0", "lanes.3.workers <= lanes.1.workers", "lanes.3 conserved"]
    );
    draft.set(Some(1), "size", "4", &machine).expect("a size");
    assert_eq!(plan(&draft).lanes[0].size, Size::Constant { units: 3 });
    draft.remove_lane(0, &machine).expect("removed");
    assert_eq!(plan(&draft).expect, ["lanes.2 conserved"]);
    assert_eq!(draft.add_lane(&machine), Ok(2));
    let added = plan(&draft).lanes.remove(2);
    assert_eq!((added.name.as_str(), added.workload), ("4 threads", WorkloadPlan::Hash { payload_bytes: 65536 }));
    assert_eq!(draft.add_lane(&machine), Ok(3));
    assert_eq!(draft.lane_name(3, &machine), "4 threads (2)");
    while draft.lanes() < LANES_MAX {
        draft.add_lane(&machine).expect("room");
    }
    assert!(draft.add_lane(&machine).expect_err("full").contains("room for 8 lanes"));
    assert!(draft.copy_lane(0, &machine).expect_err("full").contains("room for 8 lanes"));
    while draft.lanes() > 1 {
        draft.remove_lane(0, &machine).expect("one is left");
    }
    assert!(draft.remove_lane(0, &machine).expect_err("the last").contains("the only one"));
    assert!(draft.remove_lane(7, &machine).is_err() && draft.copy_lane(7, &machine).is_err());
}

#[test]
fn a_run_obeys_what_it_can_and_starts_anew_for_the_rest() {
    let check = |front: &str, edits: &[(&str, &str)], expected: Option<Vec<Order>>| {
        let mut draft = draft(front);
        let before = plan(&draft);
        edits.iter().for_each(|(path, text)| set(&mut draft, path, text));
        let orders = orders_between(&before, &plan(&draft));
        let expected = expected.map(|orders| orders.into_iter().map(|order| (LaneId(1), order)).collect());
        assert_eq!(orders, expected, "{front}\n{edits:?}");
    };
    let threads = "[[lane]]\nworkload = \"primes\"";
    check(threads, &[], Some(vec![]));
    check(threads, &[("workers", "6")], Some(vec![Order::Resize { workers: 6 }]));
    check(threads, &[("workers", "6"), ("chunk", "2")], None);
    // Made for 4 workers, the 76 outstanding tasks would leave some of 100 without any.
    check(threads, &[("workers", "100")], None);
    check(threads, &[("size", "6")], None);
    check(threads, &[("pool", "processes")], None);
    check("[[lane]]\npool = \"single\"\nworkload = \"primes\"", &[("pool", "threads"), ("workers", "2")], None);
    let open = "[[lane]]\nworkload = \"primes\"\narrivals = { kind = \"open\", rate_per_s = 10 }";
    check(open, &[("arrivals.rate_per_s", "20")], Some(vec![Order::Rate { per_s: 20.0 }]));
    check(open, &[("arrivals.spacing", "constant")], None);
    let processes = "[[lane]]\npool = \"processes\"\nworkload = \"primes\"";
    check(
        processes,
        &[("payload_bytes", "5"), ("workers", "1")],
        Some(vec![Order::Resize { workers: 1 }, Order::Payload { bytes: 5 }]),
    );
    let mut draft = draft(threads);
    let before = plan(&draft);
    draft.add_lane(&machine(4)).expect("room");
    assert_eq!(orders_between(&before, &plan(&draft)), None);
}

#[test]
fn a_page_with_an_open_block_of_code_keeps_its_notes_to_the_presenter() {
    let text = "+++\ntitle = \"A test\"\n[[lane]]\nworkload = \"primes\"\n+++\n## Notes\nsecret\n## After\n```\ncode\n";
    let draft = Draft::of(&parse("test", "test.md", text).expect("a scenario"), &Overrides::default());
    let again = parse("test", "saved", &draft.to_text()).expect("a scenario");
    assert_eq!((again.notes.as_deref(), again.body.contains("secret")), (Some("secret"), false));
}

/// Something done to a draft.
#[derive(Clone, Debug)]
enum Edit {
    Choose(usize, usize, usize),
    Type(usize, usize, String),
    Unset(usize, usize),
    Copy(usize),
    Add,
    Remove(usize),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let lane = 0..9usize;
    let typed = "[0-9]{1,5}|[0-9]\\.[0-9]{1,3}|[1-9]\\*(cores|workers)|unbounded|endless|never|true|open|\\PC{0,8}|\\{ kind = \"(open|uniform|retry)\" \\}";
    let edit = prop_oneof![
        6 => (lane.clone(), 0..40usize, 0..40usize).prop_map(|(lane, field, choice)| Edit::Choose(lane, field, choice)),
        6 => (lane.clone(), 0..40usize, typed).prop_map(|(lane, field, text)| Edit::Type(lane, field, text)),
        2 => (lane.clone(), 0..40usize).prop_map(|(lane, field)| Edit::Unset(lane, field)),
        1 => lane.clone().prop_map(Edit::Copy),
        1 => Just(Edit::Add),
        1 => lane.prop_map(Edit::Remove),
    ];
    proptest::collection::vec(edit, 0..24)
}

proptest! {
    #[test]
    fn any_sequence_of_edits_leaves_a_draft_that_plans(index in 0..catalogue().len(), cores in 1..9u32, edits in edits()) {
        let machine = machine(cores);
        let mut draft = built_in(index);
        for edit in edits {
            let of = |lane: usize, draft: &Draft| if lane == 8 { None } else { Some(lane % draft.lanes()) };
            let field = |lane: Option<usize>, field: usize, draft: &Draft| {
                let fields = draft.fields(lane, &machine);
                fields[field % fields.len()].clone()
            };
            let before = draft.clone();
            let done = match &edit {
                Edit::Choose(lane, place, choice) => {
                    let lane = of(*lane, &draft);
                    let field = field(lane, *place, &draft);
                    let text = match (field.choices.as_slice(), field.step) {
                        ([], Some((min, max))) => (if choice % 2 == 0 { min } else { max }).to_string(),
                        ([], None) => field.value,
                        (choices, _) => choices[choice % choices.len()].0.to_string(),
                    };
                    draft.set(lane, &field.path, &text, &machine)
                }
                Edit::Type(lane, place, text) => {
                    let lane = of(*lane, &draft);
                    let path = field(lane, *place, &draft).path;
                    draft.set(lane, &path, text, &machine)
                }
                Edit::Unset(lane, place) => {
                    let lane = of(*lane, &draft);
                    let path = field(lane, *place, &draft).path;
                    draft.unset(lane, &path, &machine)
                }
                Edit::Copy(lane) => draft.copy_lane(*lane, &machine).map(|_| ()),
                Edit::Add => draft.add_lane(&machine).map(|_| ()),
                Edit::Remove(lane) => draft.remove_lane(*lane, &machine),
            };
            if let Err(why) = done {
                prop_assert!(!why.is_empty() && !why.contains('\n') && !why.chars().any(char::is_control), "{:?}", why);
                prop_assert!(draft == before);
            }
            let plan = draft.plan(&machine);
            prop_assert!(plan.is_ok(), "{edit:?}: {}", plan.expect_err("wrong")[0]);
        }
        let plan = draft.plan(&machine).expect("a plan");
        prop_assert_eq!(reread(&draft, &machine), plan.clone());
        let names: Vec<String> = (0..draft.lanes()).map(|lane| draft.lane_name(lane, &machine)).collect();
        prop_assert_eq!(names, plan.lanes.iter().map(|lane| lane.name.clone()).collect::<Vec<_>>());
    }

    #[test]
    fn no_path_makes_it_panic(path in "(workers|size|workload|pool|mode|kind|[.]|é|\\PC){0,5}", text in "\\PC{0,12}", lane in 0..4usize) {
        let mut draft = built_in(0);
        let lane = Some(lane).filter(|lane| *lane < 3);
        let _ = draft.set(lane, &path, &text, &machine(2));
        let _ = draft.unset(lane, &path, &machine(2));
        prop_assert!(draft.plan(&machine(2)).is_ok());
    }
}
