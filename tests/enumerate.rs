//! scratch
mod enumerator;
use enumerator::{build::build, list::list, machine::Rules, models};

#[test]
fn scratch() {
    for (name, program) in models::assets() {
        let built = build(&program);
        for (what, rules) in [("", Rules::default()), ("tso", models::TSO), ("statement", models::STATEMENT)] {
        match list(&built, rules, 400000) { Ok(l) => { println!("== {name} {what} {}", l.schedules);
            for (e, t) in &l.endings { println!("     {:?} {:?} {:?} {:?} {:?}: {}  {:?} {}", e.kind, e.thread, e.values, e.output, e.waits, t.schedules, t.fraction(), t.shortest.as_ref().unwrap().2) } }, Err(e) => println!("== {name} {what} {e:?}") } }
    }
}
