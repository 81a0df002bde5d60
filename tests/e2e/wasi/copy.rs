/* Reads its standard input to the end, sleeps, and copies a file. */
use std::io::Read;

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    print!("read {}", text);
    std::thread::sleep(std::time::Duration::from_millis(5));
    let data = std::fs::read("/data/in").unwrap();
    std::fs::write("/data/out", [&data[..], b"!"].concat()).unwrap();
    std::process::exit(5);
}
