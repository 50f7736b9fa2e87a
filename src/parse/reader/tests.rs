//! Documents by hand.
