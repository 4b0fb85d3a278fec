require "minitest/autorun"
require "isbn_tools"

class IsbnTest < Minitest::Test
  def test_checks_the_last_digit
    assert IsbnTools.valid?("978-3-16-148410-0")
    refute IsbnTools.valid?("978-3-16-148410-1")
  end
end
