// A filter in plain Rust, with its standard library and no SDK: counts what each tenant asks for, refuses those whose
// header says so, and writes what it knows into the reply. filter.wasm and filter-wasi.wasm were made of it by
//
//   rustc --target=TARGET --edition=2021 --crate-type=cdylib -C opt-level=z -C lto -C panic=abort -C strip=symbols -o filter.wasm filter.rs
//
// with Debian 12's rustc 1.63, lld 14 and libstd-rust-dev-wasm32, for wasm32-unknown-unknown and for wasm32-wasi, where
// the map is seeded by WASI's random_get and what is printed goes to its fd_write. Rust's standard library, parts of
// which lie in the modules, is under the MIT license or the Apache License 2.0, by the Rust Project's developers.
use std::cell::RefCell;
use std::collections::HashMap;

#[link(wasm_import_module = "env")]
extern "C" {
    fn proxy_get_property(path: *const u8, size: usize, value: *mut *mut u8, value_size: *mut usize) -> u32;
    fn proxy_get_buffer_bytes(kind: u32, start: usize, length: usize, value: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(map: u32, name: *const u8, size: usize, value: *mut *mut u8, value_size: *mut usize) -> u32;
    fn proxy_add_header_map_value(map: u32, name: *const u8, size: usize, value: *const u8, value_size: usize) -> u32;
    fn proxy_send_local_response(
        status: u32, details: *const u8, details_size: usize, body: *const u8, body_size: usize, headers: *const u8,
        headers_size: usize, grpc: i32) -> u32;
}

#[derive(Default)]
struct State {
    words: Vec<String>,
    asked: HashMap<String, u64>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::default());
}

fn taken(status: u32, at: *mut u8, size: usize) -> Option<String> {
    if status != 0 {
        return None;
    }
    if at.is_null() {
        return Some(String::new());
    }
    // The host wrote it into what malloc below gave it.
    let bytes = unsafe { Vec::from_raw_parts(at, size, size) };
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn property(path: &str) -> Option<String> {
    let (mut at, mut size) = (std::ptr::null_mut(), 0);
    let status = unsafe { proxy_get_property(path.as_ptr(), path.len(), &mut at, &mut size) };
    taken(status, at, size)
}

fn request_header(name: &str) -> Option<String> {
    let (mut at, mut size) = (std::ptr::null_mut(), 0);
    let status = unsafe { proxy_get_header_map_value(0, name.as_ptr(), name.len(), &mut at, &mut size) };
    taken(status, at, size)
}

#[no_mangle]
pub extern "C" fn proxy_abi_version_0_2_1() {}

#[cfg(target_os = "wasi")]
#[no_mangle]
pub extern "C" fn _initialize() {
    // Without it the linker takes the module for a program, whose every call begins and ends it.
    extern "C" {
        fn __wasm_call_ctors();
    }
    unsafe { __wasm_call_ctors() }
}

#[no_mangle]
pub extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    let mut bytes: Vec<u8> = Vec::with_capacity(size);
    let at = bytes.as_mut_ptr();
    std::mem::forget(bytes);
    at
}

#[no_mangle]
pub extern "C" fn proxy_on_configure(_root: u32, _size: usize) -> u32 {
    let (mut at, mut size) = (std::ptr::null_mut(), 0);
    let status = unsafe { proxy_get_buffer_bytes(7, 0, usize::MAX, &mut at, &mut size) };
    let text = taken(status, at, size).unwrap_or_default();
    let mut words: Vec<String> = text.split_whitespace().map(str::to_uppercase).collect();
    words.sort_by(|a, b| b.cmp(a));
    STATE.with(|state| state.borrow_mut().words = words);
    println!("configured from Rust");
    1
}

#[no_mangle]
pub extern "C" fn proxy_on_request_headers(_id: u32, _count: u32, _end: u32) -> u32 {
    if let Some(why) = request_header("x-refuse") {
        let text = format!("refused: {:>6.2}", why.parse::<f64>().unwrap_or(0.0));
        unsafe {
            proxy_send_local_response(
                418, "".as_ptr(), 0, text.as_ptr(), text.len(), std::ptr::null(), 0, -1);
        }
        return 1;
    }
    if request_header("x-panic").is_some() {
        let none: Vec<u8> = Vec::new();
        return none[text_length()] as u32;
    }
    STATE.with(|state| *state.borrow_mut().asked.entry(property("ai.tenant").unwrap_or_default()).or_insert(0) += 1);
    0
}

fn text_length() -> usize {
    property("ai.prompt").map_or(0, |text| text.chars().count())
}

#[no_mangle]
pub extern "C" fn proxy_on_response_headers(_id: u32, _count: u32, _end: u32) -> u32 {
    let tenant = property("ai.tenant").unwrap_or_default();
    let count = STATE.with(|state| state.borrow().asked.get(&tenant).copied().unwrap_or(0));
    let words = STATE.with(|state| state.borrow().words.join("-"));
    let value = format!("{words}; {tenant}={count}; {} characters", text_length());
    unsafe { proxy_add_header_map_value(2, "x-rust".as_ptr(), 6, value.as_ptr(), value.len()) };
    0
}
