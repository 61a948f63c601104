//! From a tree to typed code: every name resolved, every conversion spelled out.

use refrain_sdk::{Field, Kind, Schema};

use crate::function::{Function, NAMES};
use crate::syntax::{Binary, Expr, Mistake, Node};

/// What an expression can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Of the literal `null`: becomes whatever is due.
    Null,
    Boolean,
    Int,
    Float,
    Timestamp,
    Text,
    /// Binary and vectors: only `is_null` takes them.
    Opaque(Kind),
}

impl Type {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Boolean => Self::Boolean,
            Kind::Int64 => Self::Int,
            Kind::Float64 => Self::Float,
            Kind::TimestampUs => Self::Timestamp,
            Kind::Utf8 => Self::Text,
            opaque => Self::Opaque(opaque),
        }
    }

    /// The kind of a column that holds it.
    pub fn kind(self) -> Kind {
        match self {
            Self::Boolean => Kind::Boolean,
            Self::Int => Kind::Int64,
            Self::Float | Self::Null => Kind::Float64,
            Self::Timestamp => Kind::TimestampUs,
            Self::Text => Kind::Utf8,
            Self::Opaque(kind) => kind,
        }
    }

    pub fn name(self) -> &'static str {
        if self == Self::Null { "null" } else { self.kind().name() }
    }

    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::Null)
    }
}

/// Code, what it computes, and whether that may be null.
#[derive(Debug, Clone, PartialEq)]
pub struct Typed {
    pub code: Code,
    pub ty: Type,
    pub nullable: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Code {
    Constant(Constant),
    /// The index of a column among those read.
    Column(usize),
    /// Both sides are of the type that is computed.
    Arithmetic(Binary, Box<Typed>, Box<Typed>),
    /// Both sides are of one type.
    Compare(Binary, Box<Typed>, Box<Typed>),
    Logic(Binary, Box<Typed>, Box<Typed>),
    Not(Box<Typed>),
    IsNull(Box<Typed>),
    If(Box<Typed>, Box<Typed>, Box<Typed>),
    Coalesce(Box<Typed>, Box<Typed>),
    Convert(Box<Typed>),
    Call(Function, Vec<Typed>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    Null,
    Boolean(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

type Checked = Result<Typed, Mistake>;

impl Typed {
    fn new(code: Code, ty: Type, nullable: bool) -> Self {
        Self { code, ty, nullable }
    }

    fn constant(constant: Constant, ty: Type) -> Self {
        let nullable = constant == Constant::Null;
        Self::new(Code::Constant(constant), ty, nullable)
    }

    /// The same as `ty`, to which it is known to convert.
    pub fn into_type(self, ty: Type) -> Self {
        match (self.code, self.ty) {
            (code, from) if from == ty => Self::new(code, ty, self.nullable),
            (Code::Constant(Constant::Null), _) => Self::constant(Constant::Null, ty),
            (Code::Constant(Constant::Int(int)), _) if ty == Type::Float => {
                Self::constant(Constant::Float(int as f64), ty)
            }
            (code, from) => {
                let is_total =
                    matches!(from, Type::Int | Type::Boolean | Type::Timestamp) || ty == Type::Text;
                let inner = Self::new(code, from, self.nullable);
                Self::new(Code::Convert(Box::new(inner)), ty, self.nullable || !is_total)
            }
        }
    }
}

/// Types `expr` over the columns of `input`.
pub fn check(expr: &Expr, input: &Schema) -> Checked {
    match &expr.node {
        Node::Null => Ok(Typed::constant(Constant::Null, Type::Null)),
        Node::Boolean(boolean) => Ok(Typed::constant(Constant::Boolean(*boolean), Type::Boolean)),
        Node::Int(int) => Ok(Typed::constant(Constant::Int(*int), Type::Int)),
        Node::Float(float) => Ok(Typed::constant(Constant::Float(*float), Type::Float)),
        Node::Text(text) => Ok(Typed::constant(Constant::Text(text.clone()), Type::Text)),
        Node::Column(name) => column(name, expr.at, input),
        Node::Negate(inner) => {
            let inner = number(inner, input)?;
            let zero = match inner.ty {
                Type::Float => Typed::constant(Constant::Float(-0.0), Type::Float),
                _ => Typed::constant(Constant::Int(0), Type::Int),
            };
            let (ty, nullable) = (zero.ty, inner.nullable);
            let inner = inner.into_type(ty);
            let code = Code::Arithmetic(Binary::Subtract, Box::new(zero), Box::new(inner));
            Ok(Typed::new(code, ty, nullable))
        }
        Node::Not(inner) => {
            let inner = of_type(inner, input, Type::Boolean)?;
            let nullable = inner.nullable;
            Ok(Typed::new(Code::Not(Box::new(inner)), Type::Boolean, nullable))
        }
        Node::Binary(operator, left, right) => binary(*operator, left, right, expr.at, input),
        Node::Call(name, arguments) => call(name, arguments, expr.at, input),
    }
}

fn column(name: &str, at: usize, input: &Schema) -> Checked {
    let index = input.index_of(name).map_err(|error| Mistake::new(at, error.message()))?;
    let Field { kind, nullable, .. } = input.fields[index];
    Ok(Typed::new(Code::Column(index), Type::of(kind), nullable))
}

fn binary(operator: Binary, left: &Expr, right: &Expr, at: usize, input: &Schema) -> Checked {
    use Binary::{Add, And, Divide, Multiply, Or, Remainder, Subtract};
    match operator {
        And | Or => {
            let left = of_type(left, input, Type::Boolean)?;
            let right = of_type(right, input, Type::Boolean)?;
            let nullable = left.nullable || right.nullable;
            let code = Code::Logic(operator, Box::new(left), Box::new(right));
            Ok(Typed::new(code, Type::Boolean, nullable))
        }
        Add | Subtract | Multiply | Divide | Remainder => {
            let (first, second) = (check(left, input)?, check(right, input)?);
            if (operator, first.ty, second.ty) == (Subtract, Type::Timestamp, Type::Timestamp) {
                return Ok(function(Function::Seconds, vec![first, second], Type::Float));
            }
            for (operand, expr) in [(&first, left), (&second, right)] {
                must_be_number(operand, expr)?;
            }
            let ty = match unify(first.ty, second.ty, at)? {
                _ if operator == Divide => Type::Float,
                Type::Null => Type::Float,
                ty => ty,
            };
            let is_partial = matches!(operator, Divide | Remainder);
            let nullable = first.nullable || second.nullable || is_partial;
            let (first, second) = (first.into_type(ty), second.into_type(ty));
            let code = Code::Arithmetic(operator, Box::new(first), Box::new(second));
            Ok(Typed::new(code, ty, nullable))
        }
        _ => {
            let (first, second) = (check(left, input)?, check(right, input)?);
            let ty = unify(first.ty, second.ty, at)?;
            let ty = if ty == Type::Null { Type::Int } else { ty };
            let nullable = first.nullable || second.nullable;
            let (first, second) = (first.into_type(ty), second.into_type(ty));
            let code = Code::Compare(operator, Box::new(first), Box::new(second));
            Ok(Typed::new(code, Type::Boolean, nullable))
        }
    }
}

fn call(name: &str, arguments: &[Expr], at: usize, input: &Schema) -> Checked {
    let count = |n: usize| {
        let due =
            || Mistake::new(at, format!("`{name}` takes {n} arguments, not {}", arguments.len()));
        (arguments.len() == n).then_some(()).ok_or_else(due)
    };
    match name {
        "if" => {
            count(3)?;
            let condition = of_type(&arguments[0], input, Type::Boolean)?;
            let (then, otherwise) = (check(&arguments[1], input)?, check(&arguments[2], input)?);
            let ty = unify(then.ty, otherwise.ty, at)?;
            let nullable = then.nullable || otherwise.nullable;
            let (then, otherwise) = (then.into_type(ty), otherwise.into_type(ty));
            let code = Code::If(Box::new(condition), Box::new(then), Box::new(otherwise));
            Ok(Typed::new(code, ty, nullable))
        }
        "is_null" => {
            count(1)?;
            let inner = check(&arguments[0], input)?;
            Ok(Typed::new(Code::IsNull(Box::new(inner)), Type::Boolean, false))
        }
        "coalesce" => {
            let mut all = Vec::with_capacity(arguments.len());
            for argument in arguments {
                all.push(check(argument, input)?);
            }
            let mut ty = Type::Null;
            for item in &all {
                ty = unify(ty, item.ty, at)?;
            }
            let chained = all.into_iter().map(|item| item.into_type(ty)).reduce(|first, second| {
                let nullable = first.nullable && second.nullable;
                Typed::new(Code::Coalesce(Box::new(first), Box::new(second)), ty, nullable)
            });
            chained.ok_or_else(|| Mistake::new(at, "`coalesce` takes at least one argument"))
        }
        "int" | "float" | "text" => {
            count(1)?;
            let inner = check(&arguments[0], input)?;
            if let Type::Opaque(kind) = inner.ty {
                return Err(Mistake::new(at, format!("`{name}` does not take {}", kind.name())));
            }
            Ok(inner.into_type(match name {
                "int" => Type::Int,
                "float" => Type::Float,
                _ => Type::Text,
            }))
        }
        _ => named(name, arguments, at, input),
    }
}

fn named(name: &str, arguments: &[Expr], at: usize, input: &Schema) -> Checked {
    let Some(function_) = Function::named(name) else {
        let all = NAMES.iter().map(|(name, _)| *name);
        let all: Vec<_> =
            ["coalesce", "float", "if", "int", "is_null", "text"].into_iter().chain(all).collect();
        let text = format!("no function is called `{name}`; there are {}", all.join(", "));
        return Err(Mistake::new(at, text));
    };
    let signature = function_.signature();
    if !signature.n_arguments.contains(&arguments.len()) {
        let text =
            format!("`{name}` takes {}, not {} arguments", signature.arity(), arguments.len());
        return Err(Mistake::new(at, text));
    }
    let mut typed = Vec::with_capacity(arguments.len());
    for argument in arguments {
        typed.push(match signature.takes {
            Type::Null => number(argument, input)?,
            ty => of_type(argument, input, ty)?,
        });
    }
    // `Null` stands for "the numbers' own type": abs, min, max.
    let ty = match signature.gives {
        Type::Null => {
            let mut ty = Type::Null;
            for argument in &typed {
                ty = unify(ty, argument.ty, at)?;
            }
            if ty == Type::Null { Type::Float } else { ty }
        }
        ty => ty,
    };
    if signature.takes == Type::Null {
        typed = typed.into_iter().map(|argument| argument.into_type(ty)).collect();
    }
    Ok(function(function_, typed, ty))
}

fn function(function: Function, arguments: Vec<Typed>, ty: Type) -> Typed {
    let nullable = function.is_partial() || arguments.iter().any(|argument| argument.nullable);
    Typed::new(Code::Call(function, arguments), ty, nullable)
}

fn number(expr: &Expr, input: &Schema) -> Checked {
    let typed = check(expr, input)?;
    must_be_number(&typed, expr)?;
    Ok(typed)
}

fn must_be_number(typed: &Typed, expr: &Expr) -> Result<(), Mistake> {
    if typed.ty.is_number() {
        return Ok(());
    }
    let hint = if typed.ty == Type::Boolean { "; int(…) makes 0 or 1 of it" } else { "" };
    Err(Mistake::new(expr.at, format!("a number was due, and this is {}{hint}", typed.ty.name())))
}

fn of_type(expr: &Expr, input: &Schema, ty: Type) -> Checked {
    let typed = check(expr, input)?;
    let converts =
        typed.ty == ty || typed.ty == Type::Null || (typed.ty == Type::Int && ty == Type::Float);
    if converts {
        return Ok(typed.into_type(ty));
    }
    let text = format!("{} was due, and this is {}", ty.name(), typed.ty.name());
    Err(Mistake::new(expr.at, text))
}

/// The type that both convert to.
fn unify(left: Type, right: Type, at: usize) -> Result<Type, Mistake> {
    match (left, right) {
        (Type::Opaque(kind), _) | (_, Type::Opaque(kind)) => Err(Mistake::new(
            at,
            format!("a {} column can only be asked whether it is null", kind.name()),
        )),
        _ if left == right => Ok(left),
        (Type::Null, other) | (other, Type::Null) => Ok(other),
        (Type::Int, Type::Float) | (Type::Float, Type::Int) => Ok(Type::Float),
        _ => Err(Mistake::new(
            at,
            format!("{} and {} do not go together", left.name(), right.name()),
        )),
    }
}
