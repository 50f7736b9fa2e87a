//! The `mentiond` binary: hands its arguments to the library.

fn main() -> std::process::ExitCode {
    mentiond::cli::main()
}
