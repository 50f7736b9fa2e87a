//! [`super::disk`] as SQLite's file system, for all connections of the process; and bytes of chance that
//! are the same in each run.
//!
//! The only unsafe code of the project, and of its tests alone: SQLite takes a file system as a table of C
//! functions. Each turns its arguments into Rust's, asks the disk, and gives SQLite's code for the answer.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use fastrand::Rng;
use rusqlite::ffi;

use crate::disk::{Trouble, disk};

/// The time that SQLite sees, in milliseconds since 1970.
pub static NOW_MS: AtomicI64 = AtomicI64::new(0);

/// 1970 as a Julian day, in milliseconds.
const EPOCH: i64 = 210_866_760_000_000;

#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    number: u64,
}

/// Makes the disk the file system of every connection that is opened from now on.
pub fn register() {
    let vfs = ffi::sqlite3_vfs {
        iVersion: 2,
        szOsFile: c_int::try_from(size_of::<File>()).expect("small"),
        mxPathname: 1024,
        pNext: ptr::null_mut(),
        zName: c"simulated".as_ptr(),
        pAppData: ptr::null_mut(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: Some(last_error),
        xCurrentTimeInt64: Some(current_time_int64),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    };
    // SAFETY: the table lives for ever, and all its functions keep to SQLite's contract.
    let code = unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 1) };
    assert_eq!(code, ffi::SQLITE_OK, "SQLite takes the file system");
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// SQLite's code for an answer of the disk, `io` being the one for an operation that failed.
fn code(answer: Result<(), Trouble>, io: c_int) -> c_int {
    match answer {
        Ok(()) => ffi::SQLITE_OK,
        Err(Trouble::Io) => io,
        Err(Trouble::Full) => ffi::SQLITE_FULL,
        Err(Trouble::Busy) => ffi::SQLITE_BUSY,
    }
}

/// The file's number on the disk.
///
/// # Safety
/// `file` was opened by [`open`].
unsafe fn number(file: *mut ffi::sqlite3_file) -> u64 {
    // SAFETY: by the contract it is one of ours.
    unsafe { (*file.cast::<File>()).number }
}

/// A name that SQLite gives.
///
/// # Safety
/// `name` is null or a C string that lives for the call.
unsafe fn text<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: by the contract.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
}

fn size(number: c_int) -> usize {
    usize::try_from(number).unwrap_or(0)
}

fn offset(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let file = file.cast::<File>();
    // SAFETY: SQLite gives room for a `File`, and a name that lives for the call.
    unsafe {
        (*file).base.pMethods = ptr::null();
        let create = flags & ffi::SQLITE_OPEN_CREATE != 0;
        match disk().open(text(name), create) {
            Ok(number) => {
                (*file).number = number;
                (*file).base.pMethods = &raw const METHODS;
                if !out.is_null() {
                    *out = flags;
                }
                ffi::SQLITE_OK
            }
            Err(_) => ffi::SQLITE_CANTOPEN,
        }
    }
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_dir: c_int,
) -> c_int {
    // SAFETY: a C string that lives for the call.
    let name = unsafe { text(name) }.unwrap_or_default();
    if !disk().exists(name) {
        return ffi::SQLITE_IOERR_DELETE_NOENT;
    }
    code(disk().delete(name, sync_dir != 0), ffi::SQLITE_IOERR_DELETE)
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: a C string that lives for the call, and a place for the answer.
    unsafe { *out = c_int::from(disk().exists(text(name).unwrap_or_default())) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: a C string that lives for the call, and `room` bytes for the answer.
    unsafe {
        let bytes = CStr::from_ptr(name).to_bytes_with_nul();
        if bytes.len() > size(room) {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, room: c_int, out: *mut c_char) -> c_int {
    // SAFETY: `room` bytes for the answer.
    disk().fill(unsafe { std::slice::from_raw_parts_mut(out.cast(), size(room)) });
    room
}

unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    // Nobody else could end anything meanwhile.
    micros
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    let ms = NOW_MS.load(Ordering::Relaxed) + EPOCH;
    // SAFETY: a place for the answer.
    #[allow(clippy::cast_precision_loss)]
    unsafe {
        *out = ms as f64 / 86_400_000.0;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time_int64(_: *mut ffi::sqlite3_vfs, out: *mut i64) -> c_int {
    // SAFETY: a place for the answer.
    unsafe { *out = NOW_MS.load(Ordering::Relaxed) + EPOCH };
    ffi::SQLITE_OK
}

unsafe extern "C" fn last_error(_: *mut ffi::sqlite3_vfs, _: c_int, _: *mut c_char) -> c_int {
    0
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: one of ours, open.
    disk().close(unsafe { number(file) });
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    out: *mut c_void,
    room: c_int,
    at: i64,
) -> c_int {
    // SAFETY: one of ours, open, and `room` bytes for the answer.
    let (file, out) = unsafe {
        let out = std::slice::from_raw_parts_mut(out.cast::<u8>(), size(room));
        (number(file), out)
    };
    match disk().read(file, offset(at), out) {
        Ok(length) if length == out.len() => ffi::SQLITE_OK,
        Ok(_) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(_) => ffi::SQLITE_IOERR_READ,
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    at: i64,
) -> c_int {
    // SAFETY: one of ours, open, and `length` bytes.
    let (file, bytes) = unsafe {
        let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), size(length));
        (number(file), bytes)
    };
    code(
        disk().write(file, offset(at), bytes),
        ffi::SQLITE_IOERR_WRITE,
    )
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: one of ours, open.
    let file = unsafe { number(file) };
    code(
        disk().truncate(file, offset(length)),
        ffi::SQLITE_IOERR_TRUNCATE,
    )
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: one of ours, open.
    code(
        disk().sync(unsafe { number(file) }),
        ffi::SQLITE_IOERR_FSYNC,
    )
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    // SAFETY: one of ours, open, and a place for the answer.
    unsafe { *out = i64::try_from(disk().size(number(file))).unwrap_or(i64::MAX) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: one of ours, open.
    code(
        disk().lock(unsafe { number(file) }, level),
        ffi::SQLITE_IOERR_LOCK,
    )
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: one of ours, open.
    disk().unlock(unsafe { number(file) }, level);
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: one of ours, open, and a place for the answer.
    unsafe { *out = c_int::from(disk().is_reserved(number(file))) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    4096
}

unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    // What SQLite takes for granted of every disk on Linux.
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    room: c_int,
    make: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: one of ours, open, and a place for the answer.
    unsafe {
        match disk().memory(number(file), size(region), size(room), make != 0) {
            Ok(region) => {
                *out = region.cast();
                ffi::SQLITE_OK
            }
            Err(_) => ffi::SQLITE_IOERR_SHMMAP,
        }
    }
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: one of ours, open.
    let file = unsafe { number(file) };
    let slots = size(first)..size(first) + size(count);
    let exclusive = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        disk().unlock_memory(file, slots, exclusive);
        return ffi::SQLITE_OK;
    }
    code(
        disk().lock_memory(file, slots, exclusive),
        ffi::SQLITE_IOERR_SHMLOCK,
    )
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {
    std::sync::atomic::fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: one of ours, open.
    disk().forget_memory(unsafe { number(file) }, delete != 0);
    ffi::SQLITE_OK
}

/// What stands in for the system's chance.
static CHANCE: Mutex<Option<Rng>> = Mutex::new(None);

/// From now on the system's bytes of chance follow from `seed`: the order of hash maps and of `select!`,
/// and keys.
pub fn seed(seed: u64) {
    *CHANCE.lock().expect("not poisoned") = Some(Rng::with_seed(seed));
}

/// Takes the place of the C library's function in this program.
///
/// # Safety
/// `bytes` has room for `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(bytes: *mut c_void, length: usize, _: c_uint) -> isize {
    // SAFETY: by the contract.
    let bytes = unsafe { std::slice::from_raw_parts_mut(bytes.cast::<u8>(), length) };
    match &mut *CHANCE.lock().expect("not poisoned") {
        Some(rng) => rng.fill(bytes),
        // Before the seed is known nothing hangs on it.
        None => bytes.fill(7),
    }
    isize::try_from(length).unwrap_or(isize::MAX)
}
