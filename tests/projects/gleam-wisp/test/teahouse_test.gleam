import gleeunit

pub fn main() {
  gleeunit.main()
}
