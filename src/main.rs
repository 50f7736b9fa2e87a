//! The `mentiond` binary: hands its arguments to the library.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    mentiond::cli::main()
}
