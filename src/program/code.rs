//! What a program is compiled to: functions of a small stack machine.
//!
//! The compiler (`compile`) writes it, the interpreter (`thread`) runs it. An instruction that touches memory which
//! another thread could see, or an object of the library, is carried out by whoever runs the thread: the explorer
//! in all orders, a real pool on real memory. Everything else is the thread's own affair.
//!
//! Below, `[a b]` is the operand stack, top to the right; `[a b] -> [c]` what an instruction makes of it.

use super::library::{Builtin, ExceptionKind};
use serde::{Deserialize, Serialize};

/// A whole program, ready to run. Module-level code is function 0.
#[derive(Debug)]
pub struct Program {
    /// The name it was opened by.
    pub name: String,
    /// Its text, as it was read.
    pub source: String,
    /// All functions, methods and lambdas; those of the prelude too.
    pub functions: Vec<Function>,
    /// All classes; those of the prelude too.
    pub classes: Vec<Class>,
    /// Names of global variables, of which the first is `__name__`. A [`GlobalId`] is an index.
    pub globals: Vec<String>,
    /// Names of attributes, methods, parameters and keywords. A [`NameId`] is an index.
    pub names: Vec<String>,
    /// Constants of the code.
    pub constants: Vec<Constant>,
    /// Names of the keywords of calls, in the order of their values on the stack.
    pub keywords: Vec<Vec<NameId>>,
    /// Every statement of the text.
    pub statements: Vec<Statement>,
    /// What stands for a class or function of the library that is itself written in the subset.
    pub prelude: Vec<(Builtin, Constant)>,
}

impl Program {
    /// What a class derives from in the end; never [`Base::Class`].
    pub fn root(&self, class: ClassId) -> Base {
        match self.classes[class.index()].base {
            Base::Class(base) => self.root(base),
            base => base,
        }
    }

    /// Whether it asks for an attribute `name`: only then are threads and processes given names.
    pub fn asks_names(&self) -> bool {
        let mut code = self.functions.iter().flat_map(|function| &function.code);
        code.any(
            |instruction| matches!(instruction, Instruction::LoadAttribute(name) if self.names[name.index()] == "name"),
        )
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u16);
        impl $name {
            /// The index that it is.
            pub fn index(self) -> usize { usize::from(self.0) }
        }
    )* };
}

ids! {
    /// A function of a program.
    FunctionId;
    /// A class of a program.
    ClassId;
    /// A global variable, whichever process it is in.
    GlobalId;
    /// A name of an attribute, a method, a parameter or a keyword.
    NameId;
    /// A constant.
    ConstantId;
    /// A local variable of a function; parameters come first.
    LocalId;
    /// The names of a call's keywords.
    KeywordsId;
    /// A statement of the text.
    StatementId;
}

/// A value that stands in the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Seconds: only as an argument of `sleep` and of a `timeout`; no step depends on them.
    Seconds(String),
    /// A string.
    Str(String),
    /// A tuple of constants.
    Tuple(Vec<Constant>),
    /// A function without defaults, of the prelude.
    Function(FunctionId),
    /// A class of the program or of the prelude.
    Class(ClassId),
    /// An exception class of Python.
    Exception(ExceptionKind),
    /// Something of the library.
    Builtin(Builtin),
}

/// A function, a method, a lambda, or the module (function 0).
#[derive(Debug)]
pub struct Function {
    /// Its name; `<module>` and `<lambda>` as Python says.
    pub name: String,
    /// The name with what it is in, as Python tells of it: `Account.pay`, `outer.<locals>.inner`.
    pub qualified: String,
    /// How many of the locals are parameters.
    pub parameters: u16,
    /// How many of the last parameters have a default.
    pub defaults: u16,
    /// After the parameters stands one (`*rest`) that takes further positional arguments as a tuple. Prelude only.
    pub rest: bool,
    /// After that one stands one (`**keywords`) that takes further keywords as a tuple of (name, value). Prelude only.
    pub keywords: bool,
    /// Names of its local variables, parameters first; hidden ones of the compiler begin with `.`.
    pub locals: Vec<String>,
    /// What it does.
    pub code: Vec<Instruction>,
    /// For each instruction, where in the text it comes from.
    pub places: Vec<Place>,
    /// Written in the prelude: not shown as a place of the user's program.
    pub internal: bool,
}

/// Where in the text an instruction comes from: bytes `start..end`, and the line (from 1) and column (from 1) of its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Line of the first byte, from 1.
    pub line: u32,
    /// Column of the first byte in characters, from 1.
    pub column: u32,
}

/// A class.
#[derive(Debug)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// What it derives from.
    pub base: Base,
    /// Written in the prelude.
    pub internal: bool,
}

/// What a class derives from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing, or `object`.
    Object,
    /// Another class of the program.
    Class(ClassId),
    /// `threading.Thread`.
    Thread,
    /// `multiprocessing.Process`.
    Process,
    /// An exception of Python.
    Exception(ExceptionKind),
}

/// A statement of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Where it stands; of a compound statement, only its head.
    pub place: Place,
    /// A simple statement; else the head of a compound one.
    pub simple: bool,
    /// Its line is marked `# progress`.
    pub progress: bool,
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// `not x`
    Not,
    /// `-x`
    Minus,
    /// `+x`
    Plus,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `//`
    FloorDivide,
    /// `%`
    Modulo,
    /// `**`
    Power,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `is`
    Is,
    /// `is not`
    IsNot,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

/// One instruction. Jumps hold the index of the instruction to go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// A statement begins (also the head of a compound one, each time that it is evaluated).
    Begin(StatementId),

    /// `[] -> [v]`
    Constant(ConstantId),
    /// `[] -> [v]`; unset: `UnboundLocalError`.
    LoadLocal(LocalId),
    /// `[v] -> []`
    StoreLocal(LocalId),
    /// Unset already: `UnboundLocalError`.
    DeleteLocal(LocalId),
    /// `[] -> [v]`; unset: the builtin of that name, else `NameError`.
    LoadGlobal(GlobalId),
    /// `[v] -> []`
    StoreGlobal(GlobalId),
    /// Unset already: `NameError`.
    DeleteGlobal(GlobalId),
    /// `[] -> [v]`; in the body of a class: what the body has set.
    LoadClass(ClassId, NameId),
    /// `[v] -> []`; in the body of a class.
    StoreClass(ClassId, NameId),

    /// `[v] -> []`
    Pop,
    /// `[v] -> [v v]`
    Duplicate,
    /// `[a b] -> [a b a b]`
    DuplicateTwo,
    /// `[a b] -> [b a]`
    Swap,
    /// `[a b c] -> [c a b]`
    RotateThree,

    /// `[v] -> [r]`
    Unary(Unary),
    /// `[a b] -> [r]`
    Binary(Binary),
    /// `[a b] -> [r]`; where `a` is a list, set or dict it is changed in place and is the result.
    InPlace(Binary),
    /// `[a b] -> [bool]`
    Compare(Comparison),

    /// `[v1 … vn] -> [tuple]`
    Tuple(u16),
    /// `[v1 … vn] -> [list]`
    List(u16),
    /// `[v1 … vn] -> [set]`
    Set(u16),
    /// `[k1 v1 … kn vn] -> [dict]`
    Dict(u16),
    /// `[v] -> [str]`, as an f-string formats a value; `repr` for `!r`. A format specification is another constant
    /// string of width and alignment only (`{x:>5}`, `{x:03d}`); `None` where there is none.
    Format {
        /// As `repr` gives it.
        repr: bool,
        /// The format specification.
        specification: Option<ConstantId>,
    },
    /// `[s1 … sn] -> [str]`: the pieces of an f-string.
    Concatenate(u16),
    /// `[start stop step] -> [slice]`; an absent one is `None`.
    Slice,

    /// `[object] -> [v]`
    LoadAttribute(NameId),
    /// `[v object] -> []`
    StoreAttribute(NameId),
    /// `[object] -> []`
    DeleteAttribute(NameId),
    /// `[object index] -> [v]`
    LoadItem,
    /// `[v object index] -> []`
    StoreItem,
    /// `[object index] -> []`
    DeleteItem,

    /// `[callee p1 … pn k1 … km] -> [result]`
    Call {
        /// How many arguments are given by position.
        positional: u16,
        /// The names of the others.
        keywords: KeywordsId,
    },
    /// `[callee positional keywords] -> [result]`: a tuple, and a tuple of (name, value), as `f(*rest, **keywords)`. Prelude only.
    CallSpread,
    /// `[d1 … dn] -> [function]`: the function with its defaults.
    Function(FunctionId),
    /// `[] -> [proxy]`: `super()` in a method of that class; the object is local 0.
    Super(ClassId),
    /// `[v] -> caller`
    Return,

    /// `[iterable] -> [iterator]`
    Iterate,
    /// `[iterator] -> [iterator v]`, or at its end `[iterator] -> []` and jump.
    Advance(u32),
    /// `[sequence] -> [vn … v1]`: the first ends on top. Wrong length: `ValueError`.
    Unpack(u16),
    /// `[… list … v] -> [… list …]`: appends to the list that lies `depth` below `v` (1: right below).
    Append(u16),

    /// Goes on elsewhere.
    Jump(u32),
    /// `[v] -> []`
    JumpIfFalse(u32),
    /// `[v] -> []`
    JumpIfTrue(u32),
    /// `[v] -> [v]` and jump if it is false, else `[v] -> []`.
    JumpIfFalseOrPop(u32),
    /// `[v] -> [v]` and jump if it is true, else `[v] -> []`.
    JumpIfTrueOrPop(u32),

    /// From here to `EndTry`, an exception cuts the stack to its present depth, pushes the exception and goes on there.
    /// What stands there is one `except` after the other, each `Begin`, and then a constant class, `Matches` and a jump to
    /// the next, unless it catches all; and `Reraise` after the last.
    Try(u32),
    /// The same for what is only done on the way out, and then the exception is raised again: a `finally`, the end of a
    /// `with` or of an `except`.
    Cleanup(u32),
    /// The innermost `Try` or `Cleanup` of this function is over.
    EndTry,
    /// `[exception class] -> [exception bool]`; the class may be a tuple of classes.
    Matches,
    /// `[v] -> raised`: an exception, or a class of exceptions.
    Raise,
    /// `[exception] -> raised`, as it was, with its first place.
    Reraise,
    /// Raises `AssertionError`; `[message] -> raised` where it has one.
    AssertionFailed {
        /// Whether the `assert` has one.
        message: bool,
    },
    /// `[context] -> [context value]`: enters a `with`.
    Enter,
    /// `[context] -> []`: leaves a `with`, also after an exception (which lies below and is then raised again).
    Exit,
}
