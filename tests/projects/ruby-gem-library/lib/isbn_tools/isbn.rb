module IsbnTools
  class Isbn
    def initialize(text)
      @digits = text.delete("- ").chars
    end

    def valid?
      return false unless @digits.size == 13

      sum = @digits.each_with_index.sum { |d, i| Integer(d) * (i.even? ? 1 : 3) }
      (sum % 10).zero?
    end
  end
end
