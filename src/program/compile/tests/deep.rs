//! Texts that go deep: nothing runs out of stack on them, and none takes long.

use crate::program::compile;

/// Texts of about `depth` levels, each nested in a way of its own.
fn nested(depth: usize) -> Vec<(&'static str, String)> {
    let around =
        |open: &str, middle: &str, close: &str| format!("x = {}{middle}{}\n", open.repeat(depth), close.repeat(depth));
    let blocks = |head: &str, last: &str| {
        let lines = (0..depth).map(|level| format!("{}{head}\n", " ".repeat(level)));
        format!("x = 0\n{}{}{last}\n", lines.collect::<String>(), " ".repeat(depth))
    };
    vec![
        ("parentheses", around("(", "1", ")")),
        ("lists", around("[", "1", "]")),
        ("dicts", around("{1: ", "1", "}")),
        ("tuples", around("(", "1", ",)")),
        ("calls", around("print(", "1", ")")),
        ("keywords", around("print(end=", "1", ")")),
        ("comprehensions", around("[", "1", " for y in [1]]")),
        ("subscripts", around("x[", "1", "]")),
        ("slices", around("x[1:", "1", "]")),
        ("chains of calls", around("", "x", "()")),
        ("chains of subscripts", around("", "x", "[0]")),
        ("chains of attributes", around("", "x", ".value")),
        ("sums", around("1 + ", "1", "")),
        ("powers", around("1 ** ", "1", "")),
        ("comparisons", around("1 < ", "1", "")),
        ("ands", around("1 and ", "1", "")),
        ("ands and ors", around("1 and 1 or ", "1", "")),
        ("nots", around("not ", "1", "")),
        ("minuses", around("- ", "x", "")),
        ("minus numbers", around("-", "1", "")),
        ("choices", around("1 if 1 else ", "1", "")),
        ("choices inside", around("1 if ", "1", " else 1")),
        ("lambdas", around("lambda: ", "1", "")),
        ("lambdas with parameters", around("lambda a, b: ", "1", "")),
        ("default values", around("lambda a=", "1", ": 1")),
        ("f-strings", around("f'{", "1", "}'")),
        ("formats", format!("x = f'{}1{}'\n", "{1:".repeat(depth), "}".repeat(depth))),
        ("yields", around("yield 1, ", "1", "")),
        ("awaits", around("await ", "x", "")),
        ("stars", around("*", "x", "")),
        ("walruses", around("(y := ", "1", ")")),
        ("targets", format!("{}x{} = 1\n", "(".repeat(depth), ",)".repeat(depth))),
        ("chained targets", format!("{}1\n", "x = ".repeat(depth))),
        ("closing brackets that are not due", format!("{}\n", "print(] , ".repeat(depth))),
        ("only opening brackets", "([{".repeat(depth)),
        ("only closing brackets", ")]}".repeat(depth)),
        ("ifs", blocks("if x:", "pass")),
        ("whiles", blocks("while x:", "break")),
        ("fors", blocks("for x in []:", "continue")),
        ("functions", blocks("def f():", "pass")),
        ("classes", blocks("class C:", "pass")),
        ("withs", blocks("with x:", "pass")),
        ("tries", format!("x = 0\n{}", tries(depth, "except ValueError:"))),
        ("finallys", format!("x = 0\n{}", tries(depth, "finally:"))),
        ("matches", blocks("match x:\n case 1:", "pass")),
        ("patterns", format!("match 1:\n case {}1{}: pass\n", "[".repeat(depth), "]".repeat(depth))),
        ("elifs", format!("if 1:\n  pass\n{}", "elif 1:\n  pass\n".repeat(depth))),
        ("with items", format!("x = 0\nwith {}x: pass\n", "x, ".repeat(depth))),
        ("handlers", format!("try:\n  pass\n{}", "except ValueError:\n  pass\n".repeat(depth))),
        ("asyncs", format!("{} def f(): pass\n", "async ".repeat(depth))),
        ("decorators", format!("{}def f(): pass\n", "@x\n".repeat(depth))),
        ("bases", format!("class C({}): pass\n", "x.".repeat(depth) + "y")),
        ("strings", format!("x = {}\n", "'' ".repeat(depth))),
        ("imports", format!("import {}y\n", "x.".repeat(depth))),
        ("relative imports", format!("from {} import y\n", ".".repeat(depth))),
        ("deletions", format!("del {}x{}\n", "(".repeat(depth), ")".repeat(depth))),
        ("continued lines", format!("x = 1{}\n", "\\\n".repeat(depth))),
    ]
}

fn tries(depth: usize, second: &str) -> String {
    let open = (0..depth).map(|level| format!("{}try:\n", " ".repeat(level)));
    let close = (0..depth).rev().map(|level| format!("{0}{second}\n{0} pass\n", " ".repeat(level)));
    format!("{}{}pass\n{}", open.collect::<String>(), " ".repeat(depth), close.collect::<String>())
}

#[test]
fn no_depth_does_harm() {
    for depth in [1, 10, 40, 90, 110, 1_000, 20_000] {
        for (_, text) in nested(depth) {
            // Indentation alone makes a text long: what is too long is not even looked at.
            let _ = compile("deep.py", &text);
        }
    }
}

#[test]
fn ten_levels_are_not_deep() {
    for (what, text) in nested(10) {
        if let Err(problems) = compile("deep.py", &text) {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert!(!told.iter().any(|problem| problem.contains("nested too deeply")), "{what}: {told:?}");
        }
    }
}

#[test]
fn a_hundred_levels_are_too_deep() {
    let problems = compile("deep.py", &format!("x = {}1{}", "(".repeat(101), ")".repeat(101))).unwrap_err();
    insta::assert_snapshot!(problems[0], @"
    deep.py:1:104: nested too deeply: at most 100 blocks, brackets and operators in each other
      ((((((((((((((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))))))))))))))))
                                                        ^
      help: give parts of it names of their own
    ");
}

#[test]
fn a_finally_in_a_finally_ends_somewhere() {
    let depth = 19;
    let open = |level: usize| format!("{0}try:\n{0} x = 1\n{0}finally:\n", " ".repeat(level));
    let text = format!("{}{}x = 1\n", (0..depth).map(open).collect::<String>(), " ".repeat(depth));
    let problems = compile("deep.py", &text).unwrap_err();
    insta::assert_snapshot!(problems[0], @"
    deep.py:1:1: compiled, the program has more than 262,144 instructions
      try:
      ^
      help: every `return`, `break` and `continue` out of a `try … finally` repeats the `finally`: nest fewer of them
    ");
}

#[test]
fn many_complaints_take_no_longer() {
    let text: String = (0..3_000).map(|n| format!("x.a{n} = x.b{n}\n")).collect();
    assert_eq!(compile("wrong.py", &text).unwrap_err().len(), 20);
}

#[test]
fn a_program_has_at_most_64_kib() {
    let problems = compile("long.py", &"x = 1\n".repeat(11_000)).unwrap_err();
    insta::assert_snapshot!(problems[0], @"
    long.py:1:1: a program may have at most 65536 bytes; this text has 66000
      x = 1
      ^
      help: the explorer is for small programs: keep what is shared, leave out the rest
    ");
    assert!(compile("long.py", &"x = 1\n".repeat(10_000)).is_ok());
}
