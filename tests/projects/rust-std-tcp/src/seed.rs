fn main() {
    println!("a beacon needs no seed");
}
