#![no_main]

use libfuzzer_sys::fuzz_target;
use mentiond_fuzz::{contain_panics, targets};

fuzz_target!(init: contain_panics(), |data: &[u8]| targets::query::run(data));
