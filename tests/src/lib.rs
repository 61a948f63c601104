//! What the tests of this package share with the fuzz targets in `tests/fuzz`.

pub mod fuzz;
