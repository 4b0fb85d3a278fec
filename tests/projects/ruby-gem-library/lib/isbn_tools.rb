require "zeitwerk"

loader = Zeitwerk::Loader.for_gem
loader.setup

module IsbnTools
  def self.valid?(text)
    Isbn.new(text).valid?
  end
end
