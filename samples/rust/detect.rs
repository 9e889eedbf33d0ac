//! Objects in a picture, from Rust: as many as `ocellus detect` finds, by the same numbers.
//!
//!     rustc -O samples/rust/detect.rs -L build -C link-arg=-Wl,-rpath,build -o detect
//!     ./detect sdk/models/yolox-nano-416-int8.card.json cat.ppm
//!
//! Any detector that is compiled will do. A line for each object: score, x1 y1 x2 y2 in pixels, label.
//! `ffmpeg -i cat.jpg cat.ppm` makes such a picture; the crate `image` has one in `to_rgb8()`.
use std::ffi::{c_char, c_float, c_int, c_void, CStr, CString};
use std::{env, fs, process, ptr, slice};

/// What of sdk/clib/ocellus.h is used here.
mod ocellus {
    use super::*;

    pub const RGB24: i32 = 3;

    #[repr(C)]
    pub struct Picture {
        pub format: i32,
        pub width: u32,
        pub height: u32,
        pub planes: [*const c_void; 3],
        pub strides: [usize; 3],
        pub colour: u32,
    }

    #[repr(C)]
    pub struct Detection {
        pub x1: f32,
        pub y1: f32,
        pub x2: f32,
        pub y2: f32,
        pub score: f32,
        pub class_id: i32,
        pub label: *const c_char,
    }

    #[link(name = "ocellus")]
    extern "C" {
        pub fn ocellus_detector_load(path: *const c_char, options: *const c_void) -> *mut c_void;
        pub fn ocellus_detect(
            detector: *mut c_void,
            picture: *const Picture,
            threshold: c_float,
            found: *mut *const Detection,
            count: *mut usize,
        ) -> c_int;
        pub fn ocellus_detector_close(detector: *mut c_void);
        pub fn ocellus_error() -> *const c_char;
    }
}

/// Text of the library's, copied.
///
/// # Safety
/// `text` is a C string that is valid now.
unsafe fn text(text: *const c_char) -> String {
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

pub struct Found {
    pub label: String,
    pub score: f32,
    /// Left, top, right, bottom in pixels.
    pub corners: [f32; 4],
}

/// `&mut self` makes sure that one thread at a time uses it.
pub struct Detector(*mut c_void);
unsafe impl Send for Detector {}

impl Detector {
    pub fn load(card: &str) -> Result<Self, String> {
        let path = CString::new(card).map_err(|_| "expected a path without a zero byte".to_string())?;
        let handle = unsafe { ocellus::ocellus_detector_load(path.as_ptr(), ptr::null()) };
        if handle.is_null() {
            return Err(unsafe { text(ocellus::ocellus_error()) });
        }
        Ok(Self(handle))
    }

    /// `rgb` is width x height x 3 bytes. `threshold` is 0 to 1; `None`: the card's.
    pub fn detect(&mut self, rgb: &[u8], width: u32, height: u32, threshold: Option<f32>) -> Result<Vec<Found>, String> {
        if rgb.len() as u64 != u64::from(width) * u64::from(height) * 3 {
            return Err(format!("expected {width} x {height} x 3 bytes, got {}", rgb.len()));
        }
        let picture = ocellus::Picture {
            format: ocellus::RGB24,
            width,
            height,
            planes: [rgb.as_ptr().cast(), ptr::null(), ptr::null()],
            strides: [0; 3],
            colour: 0,
        };
        let (mut found, mut count) = (ptr::null(), 0);
        let least = threshold.unwrap_or(-1.0);
        if unsafe { ocellus::ocellus_detect(self.0, &picture, least, &mut found, &mut count) } != 0 {
            return Err(unsafe { text(ocellus::ocellus_error()) });
        }
        // Without detections there may be no address, which a slice must have. They live until the next call: they are copied.
        let found = if count == 0 { &[] } else { unsafe { slice::from_raw_parts(found, count) } };
        Ok(found
            .iter()
            .map(|one| Found {
                label: unsafe { text(one.label) },
                score: one.score,
                corners: [one.x1, one.y1, one.x2, one.y2],
            })
            .collect())
    }
}

impl Drop for Detector {
    fn drop(&mut self) {
        unsafe { ocellus::ocellus_detector_close(self.0) }
    }
}

fn read_ppm(path: &str) -> Result<(Vec<u8>, u32, u32), String> {
    let content = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let expected = || "expected a PPM picture (P6)".to_string();
    let mut fields = Vec::new();
    let mut at = 0;
    while fields.len() < 4 {
        let length = content[at..].iter().position(u8::is_ascii_whitespace).ok_or_else(expected)?;
        fields.push(std::str::from_utf8(&content[at..at + length]).map_err(|_| expected())?);
        at += length + 1;
    }
    if fields[0] != "P6" || fields[3] != "255" {
        return Err(expected());
    }
    let number = |text: &str| text.parse().map_err(|_| expected());
    Ok((content[at..].to_vec(), number(fields[1])?, number(fields[2])?))
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = env::args().collect();
    let [_, card, picture] = &arguments[..] else {
        return Err("expected a model's card (.card.json) and a picture (.ppm)".into());
    };
    let mut detector = Detector::load(card)?;
    let (rgb, width, height) = read_ppm(picture)?;
    for Found { label, score, corners: [x1, y1, x2, y2] } in detector.detect(&rgb, width, height, None)? {
        println!("{score:.2} {x1:.0} {y1:.0} {x2:.0} {y2:.0} {label}");
    }
    Ok(())
}

fn main() {
    if let Err(error) = run() {
        eprintln!("detect: {error}");
        process::exit(1);
    }
}
