#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| refrain_tests::fuzz::project(bytes));
