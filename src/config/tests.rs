//! The promises of the configuration as a whole.
