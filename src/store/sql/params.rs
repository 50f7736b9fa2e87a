//! The values of a statement, in each of the ways in which they are written down.

use super::{ToSql, Value};

/// Values for the places of a statement.
pub trait Params {
    /// Hands them over as a list.
    fn with<R>(self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R;
}

impl Params for &[&dyn ToSql] {
    fn with<R>(self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        take(self)
    }
}

// Of these there is one for each length that is in use, so that an empty list has a type.
impl Params for [&(dyn ToSql + Send + Sync); 0] {
    fn with<R>(self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        take(&[])
    }
}

macro_rules! of_length {
    ($($n:literal)+) => {$(
        impl<T: ToSql> Params for [T; $n] {
            fn with<R>(self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
                take(&self.each_ref().map(|value| value as &dyn ToSql))
            }
        }
    )+};
}

of_length!(1 2 3 4);

/// Values that were gathered one by one.
pub struct Gathered(Vec<Value>);

/// Takes values that were gathered one by one.
pub fn params_from_iter(values: impl IntoIterator<Item = Value>) -> Gathered {
    Gathered(values.into_iter().collect())
}

impl Params for Gathered {
    fn with<R>(self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        let values: Vec<&dyn ToSql> = self.0.iter().map(|value| value as &dyn ToSql).collect();
        take(&values)
    }
}
